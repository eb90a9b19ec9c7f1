package service;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.logging.LogManager;

/** Answers HTTP requests on PORT until SIGTERM or SIGINT. */
public final class Main {
    static final String NAME = "{{ cookiecutter.project_slug }}";

    private static final String DEFAULT_PORT = "{{ cookiecutter.port }}";

    private Main() {}

    public static void main(String[] args) {
        try {
            run(args, System.getenv());
        } catch (IllegalArgumentException | IllegalStateException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    static void run(String[] args, Map<String, String> environment) {
        if (args.length > 0) {
            throw new IllegalArgumentException("usage: app.jar (PORT in the environment)");
        }
        serve(parsePort(environment.getOrDefault("PORT", "")));
    }

    /** Returns the port to listen on: {@code value}, or the default where it is empty. */
    static int parsePort(String value) {
        String digits = value.isEmpty() ? DEFAULT_PORT : value;
        if (digits.matches("[0-9]{1,5}")) {
            int port = Integer.parseInt(digits);
            if (port >= 1 && port <= 65535) {
                return port;
            }
        }
        throw new IllegalArgumentException(
                "PORT is \"%s\": give it a number from 1 to 65535, for example %s"
                        .formatted(value, DEFAULT_PORT));
    }

    private static void serve(int port) {
        setUpLog();
        // Of 64 bytes. To find out, Jetty would start JMX, which takes as long as all the rest.
        System.setProperty("org.eclipse.jetty.util.referencesPerCacheLine", "16");
        Server server = new Server(port);
        server.start();
        // A stop that was asked for is no failure: the JVM itself would exit with 143.
        Thread stop =
                new Thread(() -> {
                    server.drain();
                    Runtime.getRuntime().halt(0);
                });
        Runtime.getRuntime().addShutdownHook(stop);
    }

    /** Sets up the log, also where an agent has logged before and the JVM has a manager already. */
    static void setUpLog() {
        // Before any class of java.util.logging is initialized, a manager included.
        System.setProperty("java.util.logging.manager", JsonLog.Manager.class.getName());
        LogManager manager = LogManager.getLogManager();
        if (!(manager instanceof JsonLog.Manager)) {
            try (InputStream settings = Main.class.getResourceAsStream("/logging.properties")) {
                manager.readConfiguration(settings);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
