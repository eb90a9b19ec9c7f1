package service;

import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.StreamHandler;

/**
 * Writes every record, whichever library it comes from, to stdout as one JSON object on a line.
 *
 * <p>{@code LOG.log(INFO, "paid", JsonLog.fields().add("order", 7).build())} adds fields to it.
 */
public final class JsonLog extends StreamHandler {
    private static final JsonBuilderFactory JSON = Json.createBuilderFactory(Map.of());

    /** Called by java.util.logging, which finds the name in logging.properties. */
    public JsonLog() {
        super(System.out, new Line());
    }

    static JsonObjectBuilder fields() {
        return JSON.createObjectBuilder();
    }

    @Override
    public synchronized void publish(LogRecord record) {
        super.publish(record);
        flush();
    }

    static final class Line extends Formatter {
        @Override
        public String format(LogRecord record) {
            JsonObjectBuilder line =
                    fields().add("time", record.getInstant().toString())
                            .add("level", level(record.getLevel()))
                            .add("msg", formatMessage(record));
            if (record.getParameters() instanceof Object[] parameters
                    && parameters.length == 1
                    && parameters[0] instanceof JsonObject fields) {
                line.addAll(JSON.createObjectBuilder(fields));
            }
            if (record.getThrown() instanceof Throwable thrown) {
                line.add("error", stackTrace(thrown));
            }
            return line.build() + "\n";
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
