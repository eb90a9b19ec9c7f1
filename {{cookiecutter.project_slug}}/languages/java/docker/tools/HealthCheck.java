import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Asks the server on PORT of this host whether it is alive; the image's HEALTHCHECK. Part of the template: an update
 * replaces it.
 *
 * <p>It runs in a JVM of its own every few seconds, so it speaks HTTP by hand: a socket is loaded in a fraction of the
 * time that Java's HTTP client takes.
 */
public final class HealthCheck {
    private static final int TIMEOUT_MILLIS = 2000;

    private HealthCheck() {}

    public static void main(String[] arguments) {
        int port = Integer.parseInt(System.getenv("PORT"));
        try (Socket socket = new Socket()) {
            InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
            socket.connect(new InetSocketAddress(loopback, port), TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            String request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
            String answer = new String(status, StandardCharsets.US_ASCII);
            if (!answer.endsWith(" 200")) {
                fail("/healthz answered \"" + answer + "\"");
            }
        } catch (IOException e) {
            fail("port " + port + ": " + e.getMessage());
        }
    }

    private static void fail(String why) {
        System.err.println("unhealthy: " + why);
        System.exit(1);
    }
}
