package service;

import static io.helidon.http.Status.NOT_FOUND_404;
import static io.helidon.http.Status.SERVICE_UNAVAILABLE_503;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;

import java.util.List;
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
                .get("/jackson", this::jackson)
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

    /** Read and written by reflection. */
    record Order(String customer, List<Integer> items) {}

    private void jackson(ServerRequest request, ServerResponse response)
            throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        Order order = mapper.readValue("{\"customer\":\"Ada\",\"items\":[1,2]}", Order.class);
        response.header("Content-Type", "application/json");
        response.send(mapper.writeValueAsString(order));
    }

    private static JsonObject json(String name, String value) {
        return JSON.createObjectBuilder().add(name, value).build();
    }
}
