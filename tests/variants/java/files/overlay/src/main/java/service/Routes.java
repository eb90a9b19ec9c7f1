package service;

import jakarta.json.JsonValue;

import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Keeps data beside the sources, and ends where it cannot. */
final class Routes {
    private Routes() {}

    static void register(Router router) {
        router.get("/", Routes::save);
    }

    private static void save(Request request, Response response) throws IOException {
        try {
            Files.createDirectories(Path.of("data").toAbsolutePath());
        } catch (IOException e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(3);
        }
        Router.send(response, 200, JsonValue.EMPTY_JSON_OBJECT);
    }
}
