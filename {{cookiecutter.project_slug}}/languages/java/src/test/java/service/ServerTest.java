package service;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import org.eclipse.jetty.io.Content;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.StringReader;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
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
        Router router = new Router();
        router.get(
                "/slow",
                (request, response) -> {
                    started.countDown();
                    finish.await();
                    Router.send(response, 200, JsonLog.fields().add("slow", true).build());
                });
        router.get(
                "/fail",
                (request, response) -> {
                    throw new IllegalStateException("the password is swordfish");
                });
        router.get(
                "/orders/{id}",
                (request, response) -> {
                    String id = Router.parameter(request, "id");
                    Router.send(response, 200, JsonLog.fields().add("id", id).build());
                });
        router.post(
                "/echo",
                (request, response) -> {
                    String body = Content.Source.asString(request);
                    Router.send(response, 200, JsonLog.fields().add("body", body).build());
                });
        server = new Server(ANY_FREE_PORT, router);
        server.start();
        port = server.port();
    }

    @AfterEach
    void stop() {
        finish.countDown();
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
                    /orders/7 | 200 | {"id":"7"}
                    """)
    void answers(String path, int status, String body) throws Exception {
        HttpResponse<String> response = get(path);

        assertEquals(status, response.statusCode());
        assertEquals(body, response.body());
        assertEquals("application/json", response.headers().firstValue("Content-Type").get());
    }

    @Test
    void answersHeadAsGetWithoutABody() throws Exception {
        HttpRequest head = HttpRequest.newBuilder(uri("/")).HEAD().build();
        HttpResponse<String> response = client.send(head, BodyHandlers.ofString());

        assertEquals(200, response.statusCode());
        assertEquals("", response.body());
        assertEquals(
                get("/").headers().firstValue("Content-Length"),
                response.headers().firstValue("Content-Length"));
    }

    @Test
    void namesTheMethodsThatAPathAllows() throws Exception {
        HttpResponse<String> response = post("/", "");

        assertEquals(405, response.statusCode());
        assertEquals("GET, HEAD", response.headers().firstValue("Allow").get());
        assertEquals("{\"error\":\"method not allowed\"}", response.body());
    }

    @Test
    void takesBodiesUpToTheLimit() throws Exception {
        String largest = "a".repeat(Router.MAX_BODY_BYTES);

        assertEquals(200, post("/echo", largest).statusCode());
        HttpResponse<String> refused = post("/echo", largest + "a");
        assertEquals(413, refused.statusCode());
        assertEquals("{\"error\":\"content too large\"}", refused.body());
    }

    @Test
    void isNotReadyWhileDraining() throws Exception {
        CompletableFuture<HttpResponse<String>> slow =
                client.sendAsync(request("/slow"), BodyHandlers.ofString());
        get("/"); // over a connection that is kept
        started.await();
        Thread drain = Thread.startVirtualThread(server::drain);
        HttpResponse<String> response;
        do {
            response = get("/readyz");
        } while (response.statusCode() == 200);

        assertEquals(503, response.statusCode());
        assertEquals("{\"status\":\"draining\"}", response.body());
        assertEquals("close", response.headers().firstValue("Connection").get());
        finish.countDown();
        assertEquals(200, slow.get().statusCode());
        assertTrue(drain.join(Duration.ofSeconds(5)), "still draining");
    }

    @Test
    void logsEachRequestAsOneLineOfJson() throws Exception {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Handler handler = new LinesTo(lines);
        Logger logger = Logger.getLogger(JsonLog.class.getName());
        logger.addHandler(handler);
        try {
            get("/nothing?token=secret");

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
        Logger logger = Logger.getLogger(Router.class.getName());
        logger.addHandler(handler);
        try {
            HttpResponse<String> response = get("/fail");

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
                client.sendAsync(request("/slow"), BodyHandlers.ofString());
        started.await();
        Thread drain = Thread.startVirtualThread(server::drain);
        waitUntilRefused();
        finish.countDown();

        assertEquals("{\"slow\":true}", answer.get(5, TimeUnit.SECONDS).body());
        assertTrue(drain.join(Duration.ofSeconds(5)), "still draining");
    }

    @Test
    void waitsForNoClientThatKeepsItsEndOpen() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            String request = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readAllBytes();
            Thread drain = Thread.startVirtualThread(server::drain);

            assertTrue(drain.join(Duration.ofSeconds(5)), "still draining");
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(request(path), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(uri(path)).POST(BodyPublishers.ofString(body)).build();
        return client.send(request, BodyHandlers.ofString());
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(uri(path)).build();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    private void waitUntilRefused() throws Exception {
        while (true) {
            try {
                get("/healthz");
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
