package service;

import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;

import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.StreamHandler;

/**
 * Writes every record, whichever library it comes from, to stdout as one JSON object on a line.
 *
 * <p>{@code LOG.log(INFO, "paid", JsonLog.fields().add("order", 7).build())} adds fields to it.
 */
public final class JsonLog extends StreamHandler {
    private static final int MAX_LINE_BYTES = 8 << 10;
    private static final int MAX_PATH = 1024;
    private static final Set<String> PROBES = Set.of("/healthz", "/readyz");

    private static final String LOGGED = JsonLog.class.getName() + ".logged";

    private static final JsonBuilderFactory JSON = Json.createBuilderFactory(Map.of());
    private static final System.Logger LOG = System.getLogger(JsonLog.class.getName());

    /** Called by java.util.logging, which finds the name in logging.properties. */
    public JsonLog() {
        super(System.out, new Line());
    }

    static JsonObjectBuilder fields() {
        return JSON.createObjectBuilder();
    }

    /** Logs a request once it is answered; probes only when they fail. */
    static void request(Request request, Response response) {
        if (request.setAttribute(LOGGED, true) != null) {
            return;
        }
        // What Jetty calls a request of which it could read nothing.
        boolean isUnknown = request.getMethod() == null || request.getMethod().equals("BAD");
        String path = isUnknown ? "-" : request.getHttpURI().getPath();
        path = path == null ? "-" : path;
        if (response.getStatus() < 400 && PROBES.contains(path)) {
            return;
        }
        double millis = (System.nanoTime() - request.getBeginNanoTime()) / 1000 / 1000.0;
        JsonObjectBuilder fields =
                fields().add("method", isUnknown ? "-" : request.getMethod())
                        .add("path", path.length() > MAX_PATH ? path.substring(0, MAX_PATH) : path)
                        .add("status", response.getStatus())
                        .add("duration_ms", millis);
        if (path.length() > MAX_PATH) {
            fields.add("path_length", path.length());
        }
        LOG.log(System.Logger.Level.INFO, "request", fields.build());
    }

    @Override
    public synchronized void publish(LogRecord record) {
        super.publish(record);
        flush();
    }

    /**
     * Reads logging.properties, and keeps the log open while the JVM stops: requests are answered
     * until its end.
     */
    public static final class Manager extends LogManager {
        @Override
        public void readConfiguration() throws IOException {
            try (InputStream settings = JsonLog.class.getResourceAsStream("/logging.properties")) {
                readConfiguration(settings);
            }
        }

        @Override
        public void reset() {}
    }

    static final class Line extends Formatter {
        @Override
        public String format(LogRecord record) {
            String line = format(record, Integer.MAX_VALUE);
            for (int limit = MAX_LINE_BYTES / 2;
                    limit > 0 && line.getBytes(StandardCharsets.UTF_8).length > MAX_LINE_BYTES;
                    limit /= 2) {
                line = format(record, limit);
            }
            return line;
        }

        private String format(LogRecord record, int limit) {
            JsonObjectBuilder line =
                    fields().add("time", record.getInstant().toString())
                            .add("level", level(record.getLevel()))
                            .add("msg", cut(formatMessage(record), limit));
            if (record.getParameters() instanceof Object[] parameters
                    && parameters.length == 1
                    && parameters[0] instanceof JsonObject fields) {
                line.addAll(JSON.createObjectBuilder(fields));
            }
            if (record.getThrown() instanceof Throwable thrown) {
                line.add("error", cut(stackTrace(thrown), limit));
            }
            return line.build() + "\n";
        }

        private static String cut(String text, int limit) {
            return text.length() > limit ? text.substring(0, limit) + "…[cut]" : text;
        }

        /**
         * Says WARN and ERROR as most log formats do, where java.util.logging has its own names.
         */
        private static String level(Level level) {
            if (level.intValue() >= Level.SEVERE.intValue()) {
                return "ERROR";
            } else if (level.intValue() >= Level.WARNING.intValue()) {
                return "WARN";
            } else if (level.intValue() >= Level.INFO.intValue()) {
                return "INFO";
            }
            return "DEBUG";
        }

        private static String stackTrace(Throwable thrown) {
            StringWriter text = new StringWriter();
            thrown.printStackTrace(new PrintWriter(text, true));
            return text.toString();
        }
    }
}
