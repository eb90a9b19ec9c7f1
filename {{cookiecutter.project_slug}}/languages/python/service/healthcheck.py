"""The probe: asks the service on this machine whether it is alive."""

import socket

TIMEOUT = 2


def healthcheck(port: int) -> str | None:
    """Return what is wrong with the service on `port`, or None when it is alive."""
    # A bare socket, since http.client would double the time that the probe takes.
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = connection.makefile("rb").readline(1024).decode("latin-1")
    except OSError as error:
        return f"unhealthy: {error}"
    if answer.split()[1:2] != ["200"]:
        return f"unhealthy: /healthz answered {answer.strip()!r}"
    return None
