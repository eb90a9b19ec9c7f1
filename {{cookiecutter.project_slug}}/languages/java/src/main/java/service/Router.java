package service;

import static java.lang.System.Logger.Level.ERROR;

import jakarta.json.Json;
import jakarta.json.JsonObject;

import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.pathmap.MatchedResource;
import org.eclipse.jetty.http.pathmap.PathMappings;
import org.eclipse.jetty.http.pathmap.UriTemplatePathSpec;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.QuietException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/** Finds the endpoint of a request, and answers errors as {@code {"error": "…"}}. */
final class Router extends Handler.Abstract {
    /** A larger body is refused with 413, unless the route says how much it takes. */
    static final int MAX_BODY_BYTES = 1 << 20;

    // More requests at a time are told to come again; probes always get through.
    private static final int MAX_REQUESTS = 512;

    // So much of the heap may be bodies that endpoints are reading; routes with a limit of their
    // own stream.
    private static final long MAX_BODIES_BYTES = Runtime.getRuntime().maxMemory() / 8;

    // What Jetty takes out of a path, and a proxy that guards one may not: /x/../admin, /admin;x.
    private static final Pattern STRANGE = Pattern.compile("(?i)/(\\.|%2e){1,2}(/|$)|;");

    private static final System.Logger LOG = System.getLogger(Router.class.getName());
    private static final String PARAMETERS = Router.class.getName() + ".parameters";

    private final PathMappings<Map<String, Route>> paths = new PathMappings<>();
    private final Semaphore requests = new Semaphore(MAX_REQUESTS);
    private final AtomicLong bodies = new AtomicLong();

    /** Answers a request. It may block. */
    interface Endpoint {
        void answer(Request request, Response response) throws Exception;
    }

    private record Route(Request.Handler handler, long maxBody, boolean isProbe) {}

    /** The path may have parameters, as in {@code /orders/{id}}. HEAD is answered, too. */
    void get(String path, Endpoint endpoint) {
        add("GET", path, new Route(blocking(endpoint), MAX_BODY_BYTES, false));
    }

    void post(String path, Endpoint endpoint) {
        method("POST", path, MAX_BODY_BYTES, endpoint);
    }

    /**
     * A route for any method; {@code maxBody} bytes is what it takes, and should read as they come.
     */
    void method(String method, String path, long maxBody, Endpoint endpoint) {
        add(method, path, new Route(blocking(endpoint), maxBody, false));
    }

    /** A GET that a handler of Jetty answers, such as the upgrade to a WebSocket. */
    void handler(String path, Request.Handler handler) {
        add("GET", path, new Route(handler, MAX_BODY_BYTES, false));
    }

    /** A GET that is answered whatever the load. */
    void probe(String path, Endpoint endpoint) {
        add("GET", path, new Route(blocking(endpoint), MAX_BODY_BYTES, true));
    }

    /** The part of the path that stands for {@code {name}}. */
    static String parameter(Request request, String name) {
        return ((Map<?, ?>) request.getAttribute(PARAMETERS)).get(name).toString();
    }

    static void send(Response response, int status, JsonObject body) throws IOException {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        byte[] bytes = body.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        try (var out = Content.Sink.asOutputStream(response)) {
            out.write(bytes);
        }
    }

    /** The body of an error: the status in words, and nothing of what went wrong inside. */
    static JsonObject error(int status) {
        String phrase =
                switch (status) {
                    case 413 -> "content too large";
                    case 414 -> "uri too long";
                    case 431 -> "request header fields too large";
                    case 500 -> "internal server error";
                    default -> HttpStatus.getMessage(status).toLowerCase(Locale.ROOT);
                };
        return Json.createObjectBuilder().add("error", phrase).build();
    }

    private void add(String method, String path, Route route) {
        UriTemplatePathSpec spec = new UriTemplatePathSpec(path);
        Map<String, Route> methods = paths.get(spec);
        if (methods == null) {
            methods = new TreeMap<>();
            paths.put(spec, methods);
        }
        methods.put(method, route);
        if (method.equals("GET")) {
            methods.put("HEAD", route);
        }
    }

    private static Request.Handler blocking(Endpoint endpoint) {
        return (request, response, callback) -> {
            endpoint.answer(request, response);
            callback.succeeded();
            return true;
        };
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        String encoding = request.getHeaders().get(HttpHeader.TRANSFER_ENCODING);
        if (encoding != null && !encoding.equalsIgnoreCase("chunked")) {
            return refuse(request, response, callback, 501);
        }
        HttpURI uri = request.getHttpURI();
        String path = uri.getCanonicalPath();
        MatchedResource<Map<String, Route>> matched =
                path == null || STRANGE.matcher(uri.getPath()).find()
                        ? null
                        : paths.getMatched(path);
        if (matched == null) {
            return refuse(request, response, callback, 404);
        }
        Map<String, Route> methods = matched.getResource();
        Route route = methods.get(request.getMethod());
        if (route == null) {
            response.getHeaders().put(HttpHeader.ALLOW, String.join(", ", methods.keySet()));
            return refuse(request, response, callback, 405);
        }
        if (request.getLength() > route.maxBody()) {
            return refuse(request, response, callback, 413);
        }
        if (route.isProbe()) {
            return answer(route, request, response, callback);
        }
        if (!requests.tryAcquire()) {
            return refuse(request, response, callback, 503);
        }
        UriTemplatePathSpec spec = (UriTemplatePathSpec) matched.getPathSpec();
        request.setAttribute(PARAMETERS, spec.getPathParams(path));
        Limited limited = new Limited(request, route.maxBody());
        return answer(
                route,
                limited,
                response,
                Callback.from(
                        callback,
                        () -> {
                            limited.release();
                            requests.release();
                        }));
    }

    private boolean answer(Route route, Request request, Response response, Callback callback) {
        try {
            if (!route.handler().handle(request, response, callback)) {
                return refuse(request, response, callback, 404);
            }
            return true;
        } catch (Throwable thrown) {
            boolean isGone = isGone(request, thrown);
            int status = isGone ? 400 : status(thrown);
            if (status == 500) {
                LOG.log(ERROR, "request failed", thrown);
            }
            if (response.isCommitted() || isGone) {
                callback.failed(thrown); // the connection ends
                return true;
            }
            response.reset();
            return refuse(request, response, callback, status);
        }
    }

    /** What an endpoint failed with by the client's fault is an HttpException. */
    private static int status(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpException refused) {
                return refused.getCode();
            }
        }
        return 500;
    }

    /** Whether the client went away, or was cut off, while it was being answered. */
    private static boolean isGone(Request request, Throwable thrown) {
        boolean isOpen = request.getConnectionMetaData().getConnection().getEndPoint().isOpen();
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpException) {
                return false;
            }
            if (cause instanceof QuietException || cause instanceof IOException && !isOpen) {
                return true;
            }
        }
        return false;
    }

    private static boolean refuse(
            Request request, Response response, Callback callback, int status) {
        if (status == 503) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, "1");
        }
        boolean hasBody =
                request.getLength() > 0
                        || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
        response.setStatus(status);
        if (hasBody) {
            response.getHeaders().put(HttpFields.CONNECTION_CLOSE);
            JsonLog.request(request, response); // now: what follows takes its time
        }
        try {
            send(response, status, error(status));
            if (hasBody) {
                linger(request);
            }
            callback.succeeded();
        } catch (IOException e) {
            callback.failed(e);
        }
        return true;
    }

    /**
     * Reads on for a second: a client that is still sending would lose the answer if the connection
     * ended at once.
     */
    private static void linger(Request request) {
        long end = System.nanoTime() + 1_000_000_000L;
        while (System.nanoTime() < end) {
            Content.Chunk chunk = request.read();
            if (chunk == null) {
                try {
                    Thread.sleep(10);
                } catch (InterruptedException e) {
                    return;
                }
                continue;
            }
            chunk.release();
            if (chunk.isLast() || Content.Chunk.isFailure(chunk)) {
                return;
            }
        }
    }

    /** Counts what is read of a body. */
    private final class Limited extends Request.Wrapper {
        private final long limit;
        private long size;
        private long counted;

        Limited(Request request, long limit) {
            super(request);
            this.limit = limit;
        }

        @Override
        public Content.Chunk read() {
            Content.Chunk chunk = super.read();
            if (chunk == null || Content.Chunk.isFailure(chunk)) {
                return chunk;
            }
            size += chunk.remaining();
            if (limit <= MAX_BODY_BYTES) {
                counted += chunk.remaining();
                if (bodies.addAndGet(chunk.remaining()) > MAX_BODIES_BYTES) {
                    chunk.release();
                    return Content.Chunk.from(new HttpException.RuntimeException(503));
                }
            }
            if (size > limit) {
                chunk.release();
                return Content.Chunk.from(new HttpException.RuntimeException(413));
            }
            return chunk;
        }

        void release() {
            bodies.addAndGet(-counted);
        }
    }
}
