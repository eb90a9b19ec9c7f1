"""python -m service: answer HTTP requests on PORT until SIGTERM or SIGINT.

"python -m service healthcheck" asks a running service whether it is alive; the image's
HEALTHCHECK calls it, because there is no shell and no curl to do so.
"""

import gc
import os
import signal
import sys

DEFAULT_PORT = {{ cookiecutter.port }}
PROBE_TIMEOUT = 2


def main(arguments: list[str]) -> str | None:
    """Do what the arguments ask for; return what went wrong, if anything."""
    try:
        port = parse_port(os.environ.get("PORT", ""))
    except ValueError as error:
        return str(error)

    # Each branch imports only what it needs: the probe runs every ten seconds, without FastAPI.
    match arguments:
        case []:
            exit_on_signals()
            gc.disable()  # imports make no garbage; to look for it takes a tenth of the start
            from service.server import serve  # noqa: PLC0415  not for the probe

            gc.enable()
            return serve(port)
        case ["healthcheck"]:
            return healthcheck(port)
        case _:
            return "usage: python -m service [healthcheck]"


def parse_port(value: str) -> int:
    """Return the port to listen on: `value`, or the default where `value` is empty."""
    if not value:
        return DEFAULT_PORT
    if value.isascii() and value.isdigit() and 0 < int(value) < 1 << 16:
        return int(value)
    message = f"PORT is {value!r}: give it a number from 1 to 65535, for example {DEFAULT_PORT}"
    raise ValueError(message)


def exit_on_signals() -> None:
    """Exit with code 0 on a signal that comes before the server handles it.

    The kernel would ignore it: the service is PID 1. At once: what an import catches, or calls
    back, would swallow an exception.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(0))


def healthcheck(port: int) -> str | None:
    """Return what is wrong with the service on `port`, or None when it is alive."""
    import socket  # noqa: PLC0415  http.client would double the time that the probe takes

    try:
        with socket.create_connection(("127.0.0.1", port), PROBE_TIMEOUT) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = connection.makefile("rb").readline(1024).decode("latin-1")
    except OSError as error:
        return f"unhealthy: {error}"
    if answer.split()[1:2] != ["200"]:
        return f"unhealthy: /healthz answered {answer.strip()!r}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
