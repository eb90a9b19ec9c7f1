package service;

import static io.helidon.http.Status.NOT_FOUND_404;
import static io.helidon.http.Status.SERVICE_UNAVAILABLE_503;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.function.BooleanSupplier;

import org.postgresql.Driver;
import org.postgresql.core.Utils;

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
                .get("/postgresql", this::postgresql)
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

    private void postgresql(ServerRequest request, ServerResponse response) throws SQLException {
        String url = "jdbc:postgresql://db.test:5433/orders";
        Properties parsed = Driver.parseURL(url, new Properties());
        response.send(
                JSON.createObjectBuilder()
                        .add("driver", DriverManager.getDriver(url).getClass().getName())
                        .add("host", parsed.getProperty("PGHOST"))
                        .add("port", Integer.parseInt(parsed.getProperty("PGPORT")))
                        .add("identifier", Utils.escapeIdentifier(null, "or\"ders").toString())
                        .build());
    }

    private static JsonObject json(String name, String value) {
        return JSON.createObjectBuilder().add(name, value).build();
    }
}
