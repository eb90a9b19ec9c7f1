package service;

import static java.lang.System.Logger.Level.INFO;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/** The web server from its start to its end. Each request runs in a virtual thread of its own. */
final class Server {
    private static final int MAX_HEADER_BYTES = 16 << 10; // more: 431

    // A header and its body are complete by then, however slowly they drip; or the connection ends.
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

    // Longer than the minute after which most load balancers close theirs: who closes first, loses
    // no request.
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);

    // After SIGTERM connections are answered with "Connection: close" for so long before they are
    // closed.
    private static final Duration LAST_REQUESTS = Duration.ofMillis(500);

    // Docker kills ten seconds after SIGTERM; two are left to exit.
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(8);

    private static final System.Logger LOG = System.getLogger(Server.class.getName());

    private final org.eclipse.jetty.server.Server jetty;
    private final ServerConnector connector;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile boolean draining;

    Server(int port) {
        this(port, new Router());
    }

    /** Serves what {@code router} has in addition to {@link Routes}. */
    Server(int port, Router router) {
        router.probe(
                "/healthz",
                (request, response) -> Router.send(response, 200, json("status", "ok")));
        router.probe("/readyz", this::readyz);
        Routes.register(router);

        QueuedThreadPool threads = new QueuedThreadPool(16, 2);
        threads.setVirtualThreadsExecutor(Executors.newVirtualThreadPerTaskExecutor());
        jetty = new org.eclipse.jetty.server.Server(threads);
        jetty.setErrorHandler(new Errors());
        jetty.setRequestLog(JsonLog::request);
        jetty.setHandler(new Draining(router));

        connector = new ServerConnector(jetty, 1, 1, new HttpConnectionFactory(configuration()));
        connector.setPort(port);
        connector.setIdleTimeout(IDLE_TIMEOUT.toMillis());
        connector.setAcceptQueueSize(1024);
        jetty.addConnector(connector);
    }

    private static HttpConfiguration configuration() {
        HttpConfiguration http = new HttpConfiguration();
        http.setRequestHeaderSize(MAX_HEADER_BYTES);
        http.setInputBufferSize(4096);
        http.setSendServerVersion(false);
        http.setSendDateHeader(true);
        // A path that is written in a strange way names nothing here: 404, as any other that is
        // unknown.
        http.setUriCompliance(UriCompliance.UNSAFE);
        return http;
    }

    /** Says whether to send new requests here: not while draining. */
    private void readyz(Request request, Response response) throws IOException {
        Router.send(
                response, draining ? 503 : 200, json("status", draining ? "draining" : "ready"));
    }

    private static JsonObject json(String name, String value) {
        return Json.createObjectBuilder().add(name, value).build();
    }

    void start() {
        try {
            jetty.start();
        } catch (Exception e) {
            throw new IllegalStateException("the server does not start: " + e.getMessage(), e);
        }
        Thread.ofVirtual().name("slow clients").start(this::endSlowRequests);
        LOG.log(INFO, "listening", JsonLog.fields().add("port", port()).build());
    }

    /** The port that the server listens on. */
    int port() {
        return connector.getLocalPort();
    }

    /**
     * Jetty's timeout is that of silence; this one is from the first byte of a request to its last.
     */
    private void endSlowRequests() {
        try {
            while (!stopped.await(1, java.util.concurrent.TimeUnit.SECONDS)) {
                long latest = System.nanoTime() - REQUEST_TIMEOUT.toNanos();
                close(connection ->
                        isReading(connection)
                                && connection.getParser().getBeginNanoTime() - latest < 0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isReading(HttpConnection connection) {
        return connection.getParser().getBeginNanoTime() != 0
                && (connection.getParser().inHeaderState()
                        || connection.getParser().inContentState());
    }

    /** Either it may ask again, or this was the last answer and it keeps its own end open. */
    private static boolean isAnswered(HttpConnection connection) {
        return connection.getParser().isStart() || connection.getEndPoint().isOutputShutdown();
    }

    /** A request that was sent may not have been read yet, where the processor is busy. */
    private static boolean isSilent(HttpConnection connection) {
        return connection.getEndPoint() instanceof SocketChannelEndPoint client
                && client.getIdleFor() >= LAST_REQUESTS.toMillis()
                && !hasUnread(client);
    }

    private static boolean hasUnread(SocketChannelEndPoint client) {
        try {
            return client.getChannel().socket().getInputStream().available() > 0;
        } catch (IOException e) {
            return false; // it is closed
        }
    }

    private void close(Predicate<HttpConnection> condition) {
        for (EndPoint client : connector.getConnectedEndPoints()) {
            if (client.getConnection() instanceof HttpConnection connection
                    && condition.test(connection)) {
                client.close();
            }
        }
    }

    /**
     * Stops accepting, and returns when the requests in flight are answered, or after
     * DRAIN_TIMEOUT.
     */
    void drain() {
        draining = true;
        LOG.log(INFO, "draining");
        long end = System.nanoTime() + DRAIN_TIMEOUT.toNanos();
        try {
            connector.close();
            Thread.sleep(LAST_REQUESTS);
            while (!connector.getConnectedEndPoints().isEmpty() && System.nanoTime() < end) {
                close(connection -> isAnswered(connection) && isSilent(connection));
                Thread.sleep(20);
            }
            stopped.countDown();
            jetty.stop();
        } catch (Exception e) {
            LOG.log(INFO, "stopped before all was answered", e);
        }
    }

    /** Tells clients that their connection ends, if the drain began before the answer. */
    private final class Draining extends Handler.Wrapper {
        Draining(Handler handler) {
            super(handler);
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback)
                throws Exception {
            return super.handle(
                    request,
                    new Response.Wrapper(request, response) {
                        @Override
                        public void write(boolean last, ByteBuffer bytes, Callback written) {
                            if (draining && !isCommitted() && isLastRequest(request)) {
                                getHeaders().put(HttpFields.CONNECTION_CLOSE);
                            }
                            super.write(last, bytes, written);
                        }
                    },
                    callback);
        }
    }

    /** What was read behind a request, a pipelined one, is answered as well. */
    private static boolean isLastRequest(Request request) {
        return !(request.getConnectionMetaData().getConnection() instanceof HttpConnection client)
                || client.isRequestBufferEmpty();
    }

    /** Answers what never reaches the router: malformed requests, headers that are too large. */
    private static final class Errors extends ErrorHandler {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            int status = response.getStatus();
            try {
                if (request.getAttribute(ERROR_EXCEPTION) instanceof HttpException refused) {
                    status = refused.getCode();
                }
                // Jetty takes a request line without a version for HTTP/0.9.
                status = status == 505 ? 400 : status;
                response.getHeaders().put(HttpFields.CONNECTION_CLOSE);
                Router.send(response, status, Router.error(status));
                callback.succeeded();
            } catch (IOException e) {
                callback.failed(e);
            }
            return true;
        }
    }
}
