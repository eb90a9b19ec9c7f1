package service;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.jna.Native;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;

import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.postgresql.Driver;
import org.postgresql.core.Utils;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.sql.DriverManager;
import java.text.NumberFormat;
import java.time.Month;
import java.time.ZoneId;
import java.time.format.TextStyle;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

import javax.management.ObjectName;

/** What libraries and the JVM look up at run time. */
final class Routes {
    private Routes() {}

    static void register(Router router) {
        router.get(
                "/",
                (request, response) ->
                        answer(
                                response,
                                Json.createObjectBuilder()
                                        .add("message", "Hello from " + Main.NAME)));
        router.get("/jackson", Routes::jackson);
        router.get("/postgresql", Routes::postgresql);
        router.get("/natives", Routes::natives);
        router.get("/locale", Routes::locale);
        router.get("/project", Routes::project);
        router.get("/modules", Routes::modules);
    }

    /** Read and written by reflection. */
    record Order(String customer, List<Integer> items) {}

    private static void jackson(Request request, Response response) throws IOException {
        Order order =
                new ObjectMapper().readValue("{\"customer\":\"Ada\",\"items\":[1,2]}", Order.class);
        answer(
                response,
                Json.createObjectBuilder()
                        .add("written", new ObjectMapper().writeValueAsString(order)));
    }

    private static void postgresql(Request request, Response response) throws Exception {
        String url = "jdbc:postgresql://db.test:5433/orders";
        Properties parsed = Driver.parseURL(url, new Properties());
        answer(
                response,
                Json.createObjectBuilder()
                        .add("driver", DriverManager.getDriver(url).getClass().getName())
                        .add("port", Integer.parseInt(parsed.getProperty("PGPORT")))
                        .add("identifier", Utils.escapeIdentifier(null, "or\"ders").toString()));
    }

    private static void natives(Request request, Response response) throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var row = connection.createStatement().executeQuery("SELECT 6 * 7")) {
            answer(
                    response,
                    Json.createObjectBuilder()
                            .add("sqlite", row.getInt(1))
                            .add("pointer_bytes", Native.POINTER_SIZE));
        }
    }

    private static void locale(Request request, Response response) throws IOException {
        answer(
                response,
                Json.createObjectBuilder()
                        .add("number", NumberFormat.getInstance(Locale.GERMANY).format(1234.5))
                        .add("month", Month.AUGUST.getDisplayName(TextStyle.FULL, Locale.FRENCH))
                        .add(
                                "zone",
                                ZoneId.of("Asia/Tokyo")
                                        .getDisplayName(TextStyle.FULL, Locale.JAPAN))
                        .add(
                                "charset",
                                new String(
                                        new byte[] {(byte) 0xc8, (byte) 0xc9},
                                        Charset.forName("IBM037"))));
    }

    @SuppressWarnings("restricted")
    private static void project(Request request, Response response) throws IOException {
        System.load(Path.of("native/libvolumes.so").toAbsolutePath().toString());
        answer(
                response,
                Json.createObjectBuilder()
                        .add("text", Files.readString(Path.of("data/größe.txt")).strip())
                        .add("folder", Path.of("").toAbsolutePath().toString())
                        .add("user", System.getProperty("user.name"))
                        .add("home", System.getProperty("user.home")));
    }

    /** What no class names: agents, operators and configurations ask for it. */
    private static void modules(Request request, Response response) throws Exception {
        var beans = ManagementFactory.getPlatformMBeanServer();
        answer(
                response,
                Json.createObjectBuilder()
                        .add(
                                "heap_dumps",
                                beans.isRegistered(
                                        new ObjectName(
                                                "com.sun.management:type=HotSpotDiagnostic")))
                        .add(
                                "recordings",
                                beans.isRegistered(
                                        new ObjectName("jdk.management.jfr:type=FlightRecorder")))
                        .add("rmi", ModuleLayer.boot().findModule("jdk.naming.rmi").isPresent())
                        .add("kerberos", Security.getProvider("JdkSASL") != null)
                        .add(
                                "figures",
                                ModuleLayer.boot().findModule("jdk.httpserver").isPresent()));
    }

    private static void answer(Response response, JsonObjectBuilder body) throws IOException {
        Router.send(response, 200, body.build());
    }
}
