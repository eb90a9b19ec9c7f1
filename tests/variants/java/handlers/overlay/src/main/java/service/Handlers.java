package service;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.server.ServerWebSocketContainer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Handlers of every kind. */
final class Handlers {
    private Handlers() {}

    static void register(Router router) {
        router.get("/slow", Handlers::slow);
        router.get("/fail", Handlers::fail);
        router.get("/fill", Handlers::fill);
        router.post("/body", Handlers::body);
        router.method("POST", "/upload", 64 << 20, Handlers::upload);
        router.get("/events", Handlers::events);
        router.get("/stream", Handlers::stream);
        router.handler("/socket", Handlers::socket);
    }

    private static int number(Request request, String name) {
        String value = Request.extractQueryParameters(request).getValue(name);
        return value == null ? 0 : Integer.parseInt(value);
    }

    private static void slow(Request request, Response response) throws Exception {
        int ms = number(request, "ms");
        Thread.sleep(ms);
        Router.send(response, 200, json("slept", ms));
    }

    private static void fail(Request request, Response response) {
        throw new IllegalStateException(
                "the password is swordfish" + "!".repeat(number(request, "length")));
    }

    /** Keeps so much memory until it has answered. */
    private static void fill(Request request, Response response) throws Exception {
        List<byte[]> kept = new ArrayList<>();
        while (kept.size() < number(request, "kib")) {
            kept.add(new byte[1024]);
        }
        Thread.sleep(5);
        Router.send(response, 200, json("kib", kept.size()));
    }

    private static void body(Request request, Response response) throws IOException {
        try (InputStream in = Content.Source.asInputStream(request)) {
            Router.send(response, 200, json("bytes", in.readAllBytes().length));
        }
    }

    private static void upload(Request request, Response response) throws IOException {
        byte[] chunk = new byte[64 << 10];
        int count = 0;
        try (InputStream in = Content.Source.asInputStream(request)) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                count += n;
            }
        }
        Router.send(response, 200, json("bytes", count));
    }

    private static void events(Request request, Response response) throws Exception {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
        try (OutputStream out = Content.Sink.asOutputStream(response)) {
            for (int n = 0; ; n++) {
                out.write(("data: " + n + "\n\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
                Thread.sleep(50);
            }
        }
    }

    private static void stream(Request request, Response response) throws IOException {
        byte[] chunk = new byte[64 << 10];
        try (OutputStream out = Content.Sink.asOutputStream(response)) {
            for (int n = 0; n < number(request, "mib") * 16; n++) {
                out.write(chunk);
            }
        }
    }

    private static boolean socket(Request request, Response response, Callback callback) {
        var server = request.getConnectionMetaData().getConnector().getServer();
        return ServerWebSocketContainer.ensure(server)
                .upgrade((asked, answered, done) -> new Echo(), request, response, callback);
    }

    /** Sends back what comes. */
    public static final class Echo extends Session.Listener.AbstractAutoDemanding {
        @Override
        public void onWebSocketText(String message) {
            getSession().sendText(message, org.eclipse.jetty.websocket.api.Callback.NOOP);
        }
    }

    private static JsonObject json(String name, int value) {
        return Json.createObjectBuilder().add(name, value).build();
    }
}
