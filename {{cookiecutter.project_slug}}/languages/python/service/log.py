"""One JSON object a line on standard output, and one such line for each request."""

import json
import logging
import sys
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What every record has, or a formatter adds; the rest was given as `extra` and goes into the line.
STANDARD = vars(logging.makeLogRecord({})).keys() | {"asctime", "message", "taskName"}

LINE_LIMIT = 8 << 10
PATH_LIMIT = 1024
PROBES = {b"/healthz", b"/readyz"}  # of interest when they fail

log = logging.getLogger(__name__)


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON, with the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, cut where it would be longer than LINE_LIMIT."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname,
            "msg": record.getMessage(),
        }
        fields |= {name: value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        line = json.dumps(fields, default=str)
        length = LINE_LIMIT
        while len(line) >= LINE_LIMIT and length:
            length //= 2
            line = json.dumps({name: cut(value, length) for name, value in fields.items()})
        return line


def cut(value: object, length: int) -> object:
    """Return the beginning and the end of what is longer than `length` as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    if len(text) <= length:
        return value if isinstance(value, str | int | float | None) else text
    return f"{text[: length // 2]}…[cut]…{text[len(text) - length // 2 :]}"


STDOUT = logging.StreamHandler(sys.stdout)
STDOUT.setFormatter(JsonFormatter())


def log_json() -> None:
    """Log whatever is logged as JSON, level INFO and above, and whoever set logging up before.

    Handlers that write elsewhere, such as to an error tracker, stay.
    """
    root = logging.getLogger()
    for logger in [root, *root.manager.loggerDict.values()]:
        if not isinstance(logger, logging.Logger):
            continue  # a part of a name, no logger
        logger.disabled = False
        for handler in logger.handlers[:]:
            if getattr(handler, "stream", None) in (sys.stdout, sys.stderr):
                logger.removeHandler(handler)
                logger.propagate = True
    root.addHandler(STDOUT)
    root.setLevel(min(root.level, logging.INFO))


def log_request(method: str, path: bytes, status: int, start: float) -> None:
    """Log a request that began at `start`, as time.perf_counter() counts."""
    sent = path.decode("latin-1")
    fields = {
        "method": method,
        "path": sent[:PATH_LIMIT],
        "status": status,
        "duration_ms": round((time.perf_counter() - start) * 1000, 3),
    }
    if len(sent) > PATH_LIMIT:
        fields["path_length"] = len(sent)
    # Past the loggers: whatever a library makes of them, this line has its fields.
    record = log.makeRecord(log.name, logging.INFO, "", 0, "request", (), None, extra=fields)
    STDOUT.handle(record)


class RequestLog:
    """ASGI middleware around everything that logs each request once it is answered."""

    def __init__(self, app: "ASGIApp") -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer, then log."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        start = time.perf_counter()
        status = HTTPStatus.INTERNAL_SERVER_ERROR  # where the application raises
        answered = False

        async def note_status(message: "Message") -> None:
            nonlocal status, answered
            answered = message["type"] == "http.response.body" and not message.get("more_body")
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = HTTPStatus.SWITCHING_PROTOCOLS
            elif message["type"] == "websocket.close" and status != HTTPStatus.SWITCHING_PROTOCOLS:
                status = HTTPStatus.FORBIDDEN
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        except ClientDisconnect:
            status = HTTPStatus.BAD_REQUEST  # half a request, and nobody to answer
        except WebSocketDisconnect:
            pass
        except Exception:
            if not answered:
                raise  # the server ends the connection
            log.exception("request failed")
        finally:
            path, method = scope["raw_path"], scope.get("method", "GET")
            if path not in PROBES or status >= HTTPStatus.BAD_REQUEST:
                log_request(method, path, status, start)
