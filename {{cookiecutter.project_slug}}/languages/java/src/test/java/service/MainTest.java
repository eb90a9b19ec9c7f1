package service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;
import java.util.logging.Logger;

class MainTest {
    @ParameterizedTest
    @CsvSource({"'', {{ cookiecutter.port }}", "9000, 9000"})
    void listensOnThePortItIsGiven(String value, int port) {
        assertEquals(port, Main.parsePort(value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "0", "-1", "65536", "80 80"})
    void refusesWhatIsNoPort(String value) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> Main.parsePort(value));

        assertTrue(refusal.getMessage().contains("\"" + value + "\""), refusal.getMessage());
    }

    @Test
    void refusesArguments() {
        String[] unknown = {"--port=80"};

        assertThrows(IllegalArgumentException.class, () -> Main.run(unknown, Map.of()));
    }

    @Test
    void logsJsonWhereTheLogWasInUseBefore() {
        Logger root = Logger.getLogger("");

        Main.setUpLog();

        assertInstanceOf(JsonLog.class, root.getHandlers()[0]);
    }
}
