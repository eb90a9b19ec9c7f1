package service;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

import java.io.IOException;

/**
 * The endpoints of the service; a new one goes here.
 *
 * <p>An endpoint may block: each request runs in a virtual thread of its own. It answers with
 * {@link Router#send}, or with what Jetty offers: {@code Content.Source.asString(request)} reads
 * the body, {@code Content.Sink.asOutputStream(response)} streams an answer.
 */
final class Routes {
    private Routes() {}

    static void register(Router router) {
        router.get("/", Routes::hello);
    }

    private static void hello(Request request, Response response) throws IOException {
        JsonObject body =
                Json.createObjectBuilder().add("message", "Hello from " + Main.NAME).build();
        Router.send(response, 200, body);
    }
}
