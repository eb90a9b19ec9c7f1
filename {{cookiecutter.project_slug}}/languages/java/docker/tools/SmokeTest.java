import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes the AOT cache: starts the service, asks it, stops it, and proves that the cache is used.
 *
 * <p>It knows the service by its contract alone: PORT, GET /healthz, "healthcheck", SIGTERM.
 */
public final class SmokeTest {
    private static final int PORT = 8080;
    private static final List<String> PATHS = List.of("/", "/healthz", "/readyz", "/no-such-path");
    private static final int START_SECONDS = 120; // emulated machines are slow

    private SmokeTest() {}

    public static void main(String[] args) throws Exception {
        String cache = args[0];
        serve("-XX:AOTCacheOutput=" + cache);
        if (!Files.exists(Path.of(cache))) {
            fail("the JVM wrote no AOT cache; the lines above may say why");
        }
        serve("-XX:AOTCache=" + cache, "-XX:AOTMode=on");
    }

    private static void serve(String... flags) throws Exception {
        Process service = java(flags, "-jar", "/app/app.jar");
        awaitStart(service);
        for (String path : PATHS) {
            get(path);
        }
        int health = java(new String[0], "-jar", "/app/app.jar", "healthcheck").waitFor();
        if (health != 0) {
            fail("the healthcheck said " + health);
        }
        service.destroy(); // SIGTERM
        int code = service.waitFor();
        if (code != 0 && code != 143) {
            fail("the service left with " + code + " on SIGTERM");
        }
    }

    private static Process java(String[] flags, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("/opt/jvm/bin/java", "@/app/java.options"));
        Stream.of(flags, arguments).flatMap(Stream::of).forEach(command::add);
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put("PORT", String.valueOf(PORT));
        return builder.start();
    }

    private static void awaitStart(Process service) throws Exception {
        for (long i = 0; i < START_SECONDS * 100; i++) {
            try {
                if (get("/healthz").endsWith("200")) {
                    return;
                }
            } catch (IOException notYet) {
                // asked again below
            }
            if (!service.isAlive()) {
                fail(
                        "the service does not start in the image. A class of the JDK that the lines above"
                                + " miss: add its module to docker/modules.txt. It has to start without"
                                + " a network and with no setting but PORT");
            }
            Thread.sleep(10);
        }
        service.destroyForcibly();
        fail("GET /healthz was not answered with 200 within " + START_SECONDS + " seconds");
    }

    /** Returns the start of the status line, as far as the code. */
    private static String get(String path) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", PORT)) {
            String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(US_ASCII));
            return new String(socket.getInputStream().readNBytes("HTTP/1.1 200".length()), US_ASCII);
        }
    }

    private static void fail(String why) {
        System.err.println("smoke-test: " + why + ".");
        System.exit(1);
    }
}
