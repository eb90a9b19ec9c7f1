package service;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.StringReader;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

@Timeout(10)
class ServerTest {
    private static final int ANY_FREE_PORT = 0;

    private final HttpClient client = HttpClient.newHttpClient();
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch finish = new CountDownLatch(1);
    private Server server;
    private int port;

    @BeforeEach
    void start() {
        HttpRouting.Builder routing =
                HttpRouting.builder()
                        .get(
                                "/slow",
                                (request, response) -> {
                                    started.countDown();
                                    finish.await();
                                    response.send("in full");
                                })
                        .get(
                                "/fail",
                                (request, response) -> {
                                    throw new IllegalStateException("the password is swordfish");
                                });
        server = new Server(ANY_FREE_PORT, routing);
        server.start();
        port = server.port();
    }

    @AfterEach
    void stop() {
        client.close();
        server.drain();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    /        | 200 | {"message":"Hello from {{ cookiecutter.project_slug }}"}
                    /healthz | 200 | {"status":"ok"}
                    /readyz  | 200 | {"status":"ready"}
                    /nothing | 404 | {"error":"not found"}
                    """)
    void answers(String path, int status, String body) throws Exception {
        HttpResponse<String> response = get(port, path);

        assertEquals(status, response.statusCode());
        assertEquals(body, response.body());
        assertEquals("application/json", response.headers().firstValue("Content-Type").get());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    /healthz | 200 | {"status":"ok"}
                    /readyz  | 503 | {"status":"draining"}
                    """)
    void answersWhileDraining(String path, int status, String body) throws Exception {
        WebServer draining =
                WebServer.builder().routing(r -> r.register(new Routes(() -> true))).build();
        try {
            HttpResponse<String> response = get(draining.start().port(), path);

            assertEquals(status, response.statusCode());
            assertEquals(body, response.body());
        } finally {
            draining.stop();
        }
    }

    @Test
    void logsEachRequestAsOneLineOfJson() throws Exception {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Handler handler = new LinesTo(lines);
        Logger logger = Logger.getLogger(RequestLog.class.getName());
        logger.addHandler(handler);
        try {
            get(port, "/nothing?token=secret");

            JsonObject line = parse(lines.take());
            assertEquals(
                    Set.of("time", "level", "msg", "method", "path", "status", "duration_ms"),
                    line.keySet());
            assertEquals("INFO", line.getString("level"));
            assertEquals("request", line.getString("msg"));
            assertEquals("GET", line.getString("method"));
            assertEquals("/nothing", line.getString("path"));
            assertEquals(404, line.getInt("status"));
            assertTrue(line.getJsonNumber("duration_ms").doubleValue() > 0);
            assertDoesNotThrow(() -> Instant.parse(line.getString("time")));
            assertTrue(lines.isEmpty(), "more than one line was logged");
        } finally {
            logger.removeHandler(handler);
        }
    }

    @Test
    void logsWhatARequestFailedWithAndKeepsItFromTheClient() throws Exception {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Handler handler = new LinesTo(lines);
        Logger logger = Logger.getLogger(Server.class.getName());
        logger.addHandler(handler);
        try {
            HttpResponse<String> response = get(port, "/fail");

            assertEquals(500, response.statusCode());
            assertEquals("{\"error\":\"internal server error\"}", response.body());
            JsonObject line = parse(lines.take());
            assertEquals("ERROR", line.getString("level"));
            assertTrue(line.getString("error").contains("swordfish"));
            assertTrue(line.getString("error").contains("ServerTest.java:"));
        } finally {
            logger.removeHandler(handler);
        }
    }

    @Test
    void answersTheRequestInFlightOnShutdown() throws Exception {
        CompletableFuture<HttpResponse<String>> answer =
                client.sendAsync(request(port, "/slow"), BodyHandlers.ofString());
        started.await();
        Thread drain = Thread.startVirtualThread(server::drain);
        waitUntilRefused();
        finish.countDown();

        assertEquals("in full", answer.get(5, TimeUnit.SECONDS).body());
        assertTrue(drain.join(Duration.ofSeconds(5)), "still draining");
    }

    private HttpResponse<String> get(int port, String path) throws Exception {
        return client.send(request(port, path), BodyHandlers.ofString());
    }

    private static HttpRequest request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
    }

    private void waitUntilRefused() throws Exception {
        while (true) {
            try {
                get(port, "/healthz");
            } catch (ConnectException refused) {
                return;
            } catch (IOException cutOff) {
                // the server closed that connection; the next one will tell
            }
        }
    }

    private static JsonObject parse(String line) {
        try (var reader = Json.createReader(new StringReader(line))) {
            return reader.readObject();
        }
    }

    private static final class LinesTo extends Handler {
        private final BlockingQueue<String> lines;

        LinesTo(BlockingQueue<String> lines) {
            this.lines = lines;
            setFormatter(new JsonLog.Line());
        }

        @Override
        public void publish(LogRecord record) {
            lines.add(getFormatter().format(record));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
