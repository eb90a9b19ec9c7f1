package service;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.sse.SseEvent;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.sse.SseSink;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/** Handlers of every kind. */
final class Handlers {
    void routing(HttpRules rules) {
        rules.get("/slow", this::slow)
                .get("/fail", this::fail)
                .get("/fill", this::fill)
                .post("/body", this::body)
                .post("/upload", this::upload)
                .get("/events", this::events)
                .get("/stream", this::stream);
    }

    private static int number(ServerRequest request, String name) {
        return request.query().first(name).map(Integer::parseInt).orElse(0);
    }

    private void slow(ServerRequest request, ServerResponse response) throws InterruptedException {
        Thread.sleep(number(request, "ms"));
        response.send(json("slept", number(request, "ms")));
    }

    private void fail(ServerRequest request, ServerResponse response) {
        throw new IllegalStateException(
                "the password is swordfish" + "!".repeat(number(request, "length")));
    }

    /** Keeps so much memory until it has answered. */
    private void fill(ServerRequest request, ServerResponse response) throws InterruptedException {
        List<byte[]> kept = new ArrayList<>();
        while (kept.size() < number(request, "kib")) {
            kept.add(new byte[1024]);
        }
        Thread.sleep(5);
        response.send(json("kib", kept.size()));
    }

    private void body(ServerRequest request, ServerResponse response) {
        response.send(json("bytes", request.content().as(byte[].class).length));
    }

    private void upload(ServerRequest request, ServerResponse response) throws IOException {
        byte[] chunk = new byte[64 << 10];
        int count = 0;
        try (InputStream in = request.content().inputStream()) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                count += n;
            }
        }
        response.send(json("bytes", count));
    }

    private void events(ServerRequest request, ServerResponse response) throws InterruptedException {
        try (SseSink sink = response.sink(SseSink.TYPE)) {
            for (int n = 0; ; n++) {
                sink.emit(SseEvent.create(String.valueOf(n)));
                Thread.sleep(50);
            }
        }
    }

    private void stream(ServerRequest request, ServerResponse response) throws IOException {
        byte[] chunk = new byte[64 << 10];
        try (OutputStream out = response.outputStream()) {
            for (int n = 0; n < number(request, "mib") * 16; n++) {
                out.write(chunk);
            }
        }
    }

    private static JsonObject json(String name, int value) {
        return Json.createObjectBuilder().add(name, value).build();
    }
}
