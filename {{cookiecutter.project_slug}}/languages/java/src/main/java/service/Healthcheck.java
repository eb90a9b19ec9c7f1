package service;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * Asks the server whether it is alive.
 *
 * <p>It runs in a JVM of its own every few seconds, so it speaks HTTP by hand: a socket is loaded
 * in a fraction of the time that Java's HTTP client takes.
 */
final class Healthcheck {
    private static final int TIMEOUT_MILLIS = 2000;

    private static final byte[] REQUEST =
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    .getBytes(US_ASCII);

    private Healthcheck() {}

    /**
     * Returns if the server on {@code port} of this host says that it is alive.
     *
     * @throws IllegalStateException if it does not
     */
    static void probe(int port) {
        String answer;
        try (Socket socket = new Socket()) {
            InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
            socket.connect(new InetSocketAddress(loopback, port), TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(REQUEST);
            answer =
                    new String(
                            socket.getInputStream().readNBytes("HTTP/1.1 200".length()), US_ASCII);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "unhealthy: port %d: %s".formatted(port, e.getMessage()), e);
        }
        if (!answer.equals("HTTP/1.1 200")) {
            throw new IllegalStateException(
                    "unhealthy: /healthz answered \"%s\"".formatted(answer));
        }
    }
}
