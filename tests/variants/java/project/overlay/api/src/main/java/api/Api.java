package api;

import static javax.lang.model.SourceVersion.RELEASE_25;

import com.sun.net.httpserver.HttpServer;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.Callable;

import javax.tools.ToolProvider;

/** What a project of several modules brings along. */
public final class Api {
    private Api() {}

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        answer(server, "/healthz", () -> "ok");
        answer(server, "/modules", lib.Greeting::text);
        answer(server, "/version", () -> setting("version"));
        answer(server, "/page", () -> Files.readString(Path.of("api/src/main/webapp/page.html")));
        answer(server, "/opened", Api::opened);
        answer(server, "/driver", () -> vendor.Driver.NAME);
        answer(server, "/codec", () -> vendor.Codec.NAME);
        answer(server, "/about", Api::about);
        answer(server, "/named", () -> Class.forName(setting("rows")).getName());
        answer(server, "/compiler", Api::compiler);
        answer(server, "/built", Api::built);
        server.start();
    }

    /** A page of the war, as a web server finds those of jars. */
    private static String about() throws IOException {
        try (var page = Api.class.getResourceAsStream("/META-INF/resources/about.html")) {
            return new String(page.readAllBytes());
        }
    }

    private static String compiler() {
        return ToolProvider.getSystemJavaCompiler().getSourceVersions().contains(RELEASE_25)
                ? "compiles"
                : "is older";
    }

    /** What was built before is not there; a folder of the sources may have the same name. */
    private static String built() {
        return Files.exists(Path.of("jobs/nightly/mail/target"))
                + " "
                + Files.exists(Path.of("api/src/main/webapp/target/page.html"));
    }

    private static String setting(String name) throws IOException {
        Properties properties = new Properties();
        try (var file = Api.class.getResourceAsStream("/api.properties")) {
            properties.load(file);
        }
        return properties.getProperty(name);
    }

    /** By reflection into a package that the manifest opens. */
    private static String opened() throws ReflectiveOperationException {
        Field field = String.class.getDeclaredField("value");
        field.setAccessible(true);
        return field.getName();
    }

    private static void answer(HttpServer server, String path, Callable<String> text) {
        server.createContext(
                path,
                exchange -> {
                    int status = 200;
                    String body;
                    try {
                        body = text.call();
                    } catch (Exception | LinkageError e) {
                        status = 500;
                        body = e.toString();
                    }
                    byte[] bytes = body.getBytes();
                    exchange.sendResponseHeaders(status, bytes.length);
                    exchange.getResponseBody().write(bytes);
                    exchange.close();
                });
    }
}
