package service;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneId;

/** The endpoints of the service, and what the tests look through. */
final class Routes {
    private Routes() {}

    static void register(Router router) {
        router.get(
                "/",
                (request, response) ->
                        Router.send(response, 200, json("message", "Hello from " + Main.NAME)));
        router.get("/slow", Routes::slow);
        router.get("/fetch", Routes::fetch);
        router.get("/zone", Routes::zone);
        router.get("/fail", Routes::fail);
    }

    private static void slow(Request request, Response response) throws Exception {
        int ms = Integer.parseInt(query(request, "ms"));
        Thread.sleep(ms);
        Router.send(response, 200, json("slept", ms));
    }

    private static void fetch(Request request, Response response) throws IOException {
        try {
            // Not java.net.http: that module of the JDK would be new to the image.
            var upstream =
                    (HttpURLConnection) URI.create(query(request, "url")).toURL().openConnection();
            Router.send(response, 200, json("status", upstream.getResponseCode()));
        } catch (IOException e) {
            Router.send(response, 502, json("error", e.toString()));
        }
    }

    private static void fail(Request request, Response response) {
        throw new IllegalStateException("the password is swordfish");
    }

    private static void zone(Request request, Response response) throws IOException {
        ZoneId zone = ZoneId.of(query(request, "name"));
        int seconds =
                zone.getRules().getOffset(Instant.parse("2026-07-01T00:00:00Z")).getTotalSeconds();
        Router.send(response, 200, json("offset_minutes", seconds / 60));
    }

    private static String query(Request request, String name) {
        return Request.extractQueryParameters(request).getValue(name);
    }

    private static JsonObject json(String name, int value) {
        return Json.createObjectBuilder().add(name, value).build();
    }

    private static JsonObject json(String name, String value) {
        return Json.createObjectBuilder().add(name, value).build();
    }
}
