package service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PoisonTest {
    @Test
    void poison() throws Exception {
        Process process = new ProcessBuilder("sh", "poison.sh").inheritIO().start();

        assertEquals(0, process.waitFor());
    }
}
