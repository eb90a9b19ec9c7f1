package service;

import static io.helidon.http.Status.INTERNAL_SERVER_ERROR_500;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;

import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import java.net.InetSocketAddress;
import java.time.Duration;

/** The web server from its start to its end. Each request runs in a virtual thread of its own. */
final class Server {
    // A connection without a request for this long is closed, so that no client holds one for ever.
    // Longer than the minute after which most load balancers close theirs: who closes first, loses
    // no request.
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration IDLE_CHECK = Duration.ofSeconds(15);

    // Docker kills ten seconds after SIGTERM; two are left to exit.
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(8);

    private static final System.Logger LOG = System.getLogger(Server.class.getName());

    private final WebServer web;
    private volatile boolean draining;

    Server(int port) {
        this(port, HttpRouting.builder());
    }

    /** Serves what {@code routing} has in addition to {@link Routes}. */
    Server(int port, HttpRouting.Builder routing) {
        web =
                WebServer.builder()
                        .bindAddress(new InetSocketAddress(port))
                        .idleConnectionTimeout(IDLE_TIMEOUT)
                        .idleConnectionPeriod(IDLE_CHECK)
                        .shutdownGracePeriod(DRAIN_TIMEOUT)
                        .shutdownHook(false)
                        .routing(
                                routing.addFilter(new RequestLog())
                                        .addFilter(this::endConnectionWhileDraining)
                                        .error(Throwable.class, Server::answerFailure)
                                        .register(new Routes(() -> draining)))
                        .build();
    }

    /** A connection that was accepted just before the drain is told to end, or it would wait on. */
    private void endConnectionWhileDraining(
            FilterChain chain, RoutingRequest request, RoutingResponse response) {
        if (draining) {
            response.header(HeaderValues.CONNECTION_CLOSE);
        }
        chain.proceed();
    }

    /** Logs what a handler failed with, and keeps it from the client. */
    private static void answerFailure(
            ServerRequest request, ServerResponse response, Throwable thrown) {
        Status status = INTERNAL_SERVER_ERROR_500;
        if (thrown instanceof HttpException meant) {
            status = meant.status();
            if (status.code() < 500) {
                throw meant; // the client's mistake: Helidon tells it so
            }
        }
        LOG.log(ERROR, "request failed", thrown);
        JsonObject body = Json.createObjectBuilder().add("error", "internal server error").build();
        response.status(status).send(body);
    }

    void start() {
        web.start();
        if (!web.isRunning()) {
            throw new IllegalStateException("the server did not start; the log says why");
        }
        LOG.log(INFO, "listening", JsonLog.fields().add("port", port()).build());
    }

    /** The port that the server listens on. */
    int port() {
        return web.port();
    }

    /**
     * Stops accepting, and returns when the requests in flight are answered, or after
     * DRAIN_TIMEOUT.
     */
    void drain() {
        draining = true;
        LOG.log(INFO, "draining");
        web.stop();
    }
}
