"""python -m service: answer HTTP requests on PORT until SIGTERM or SIGINT."""

import gc
import os
import signal
import sys

DEFAULT_PORT = {{ cookiecutter.port }}


def main() -> str | None:
    """Serve; return what kept it from doing so, if anything."""
    try:
        port = parse_port(os.environ.get("PORT", ""))
    except ValueError as error:
        return str(error)
    exit_on_signals()
    gc.disable()  # imports make no garbage; to look for it takes a tenth of the start
    from service.server import serve  # noqa: PLC0415  a signal may come while it is imported

    gc.enable()
    return serve(port)


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


if __name__ == "__main__":
    sys.exit(main())
