package service;

import static io.helidon.http.Status.BAD_GATEWAY_502;
import static io.helidon.http.Status.NOT_FOUND_404;
import static io.helidon.http.Status.SERVICE_UNAVAILABLE_503;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Registers every endpoint; a new one goes here. */
final class Routes implements HttpService {
    private static final JsonBuilderFactory JSON = Json.createBuilderFactory(Map.of());

    private final BooleanSupplier draining;

    Routes(BooleanSupplier draining) {
        this.draining = draining;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/", this::hello)
                .get("/healthz", this::healthz)
                .get("/readyz", this::readyz)
                .get("/slow", this::slow)
                .get("/fetch", this::fetch)
                .get("/zone", this::zone)
                .get("/fail", this::fail)
                .any(this::notFound);
    }

    private void hello(ServerRequest request, ServerResponse response) {
        response.send(json("message", "Hello from " + Main.NAME));
    }

    /** Says that the process is alive. */
    private void healthz(ServerRequest request, ServerResponse response) {
        response.send(json("status", "ok"));
    }

    /** Says whether to send new requests here: not while draining. */
    private void readyz(ServerRequest request, ServerResponse response) {
        if (draining.getAsBoolean()) {
            response.status(SERVICE_UNAVAILABLE_503).send(json("status", "draining"));
        } else {
            response.send(json("status", "ready"));
        }
    }

    private void notFound(ServerRequest request, ServerResponse response) {
        response.status(NOT_FOUND_404).send(json("error", "not found"));
    }

    private void slow(ServerRequest request, ServerResponse response) throws InterruptedException {
        int ms = Integer.parseInt(request.query().get("ms"));
        Thread.sleep(ms);
        response.send(json("slept", ms));
    }

    private void fetch(ServerRequest request, ServerResponse response) {
        URI url = URI.create(request.query().get("url"));
        try {
            // Not java.net.http: that module of the JDK would be new to the image.
            var upstream = (HttpURLConnection) url.toURL().openConnection();
            response.send(json("status", upstream.getResponseCode()));
        } catch (IOException e) {
            response.status(BAD_GATEWAY_502).send(json("error", e.toString()));
        }
    }

    private void fail(ServerRequest request, ServerResponse response) {
        throw new IllegalStateException("the password is swordfish");
    }

    private void zone(ServerRequest request, ServerResponse response) {
        ZoneId zone = ZoneId.of(request.query().get("name"));
        int seconds = zone.getRules().getOffset(Instant.parse("2026-07-01T00:00:00Z")).getTotalSeconds();
        response.send(json("offset_minutes", seconds / 60));
    }

    private static JsonObject json(String name, int value) {
        return JSON.createObjectBuilder().add(name, value).build();
    }

    private static JsonObject json(String name, String value) {
        return JSON.createObjectBuilder().add(name, value).build();
    }
}
