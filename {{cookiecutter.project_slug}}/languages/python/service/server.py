"""The server: it listens, holds clients to limits, and loses nothing when it is stopped."""

import asyncio
import faulthandler
import json
import logging
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, override

import h11
import uvicorn
from fastapi import FastAPI
from starlette.routing import BaseRoute, Match, WebSocketRoute
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.app import create_app
from service.body import BODY_LIMIT
from service.log import RequestLog, log_json, log_request

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER_LIMIT = 16 << 10

# Seconds. A client whose request is not complete by then is cut off, however it drips; so is one
# that does not read its answer.
READ_TIMEOUT = 30
WRITE_TIMEOUT = 30
IDLE_TIMEOUT = 120

# What 128 MB of memory carry. Beyond it: 503, and connections without a request are closed, the
# oldest first.
REQUESTS_AT_A_TIME = 256
BODIES_AT_A_TIME = 16 << 20  # each is in memory twice or more: its pieces, and the whole
IDLE_CONNECTIONS = 700

# Docker kills ten seconds after SIGTERM; two are left to exit. For a moment requests still come on
# connections that are open, and are answered.
DRAIN_TIMEOUT = 8
LAST_REQUESTS = 0.5

# What h11 lets pass in the value of a header; and what a host is made of.
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
HOST = re.compile(rb"[A-Za-z0-9!$%&'()*+,.:;=\[\]_~-]*")

log = logging.getLogger(__name__)


def serve(port: int) -> str | None:
    """Answer requests until a signal; return what kept it from doing so, if anything."""
    app = create_app()
    log_json()
    try:
        listener = listen(port)
    except OSError as error:
        return f"cannot listen: {error.strerror}"
    Server(app).run([listener])
    return None


def listen(port: int) -> socket.socket:
    """Listen on every interface, with IPv6 and IPv4 where the kernel has both."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


@dataclass
class Load:
    """What the connections of a server share."""

    routes: list[BaseRoute]
    draining: bool = False
    idle: dict["Protocol", None] = field(default_factory=dict)  # those without a request, in order
    requests: int = 0
    bodies: int = 0

    def wait(self, connection: "Protocol") -> None:
        """Let a connection wait for its next request."""
        self.idle.pop(connection, None)
        self.idle[connection] = None
        if len(self.idle) > IDLE_CONNECTIONS:
            oldest = next(iter(self.idle))
            del self.idle[oldest]
            oldest.transport.abort()


class Server(uvicorn.Server):
    """Uvicorn, with readiness, limits and a log of its own."""

    def __init__(self, app: FastAPI) -> None:
        """Prepare to serve `app`."""
        self.app = app
        self.load = Load(app.routes)
        super().__init__(
            uvicorn.Config(
                RequestLog(app),
                # A class, as it were.
                http=partial(Protocol, self.load),  # type: ignore[arg-type]
                log_config=None,
                log_level="error",  # what clients do wrong has its line in the request log
                access_log=False,
                server_header=False,
                backlog=512,
                h11_max_incomplete_event_size=HEADER_LIMIT,
                timeout_keep_alive=IDLE_TIMEOUT,
            )
        )

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say on which port."""
        if any(isinstance(route, WebSocketRoute) for route in self.app.routes):
            self.config.load()
            if not self.config.ws_protocol_class:
                sys.exit("a WebSocket route needs a library: uv add --frozen websockets")
        await super().startup(sockets)
        log_json()  # what the application did to logging at its start does not last
        for listener in sockets or []:
            log.info("listening", extra={"port": listener.getsockname()[1]})

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more and return when the requests in flight are answered, or too late."""
        self.app.state.draining = self.load.draining = True
        log.info("draining")
        for server in self.servers:
            server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT):
                await asyncio.sleep(LAST_REQUESTS)
                for connection in list(self.server_state.connections):
                    connection.shutdown()
                # Uvicorn counts connections, and tells nobody.
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        for connection in list(self.server_state.connections):
            if connection.transport:
                connection.transport.abort()
        await asyncio.sleep(0.1)  # for handlers that see to a client that has left
        await self.lifespan.shutdown()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Drain on the signals that stop a service; a second one changes nothing."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self.stop)
            signal.signal(signal.SIGQUIT, print_tasks)
            faulthandler.register(signal.SIGQUIT, chain=True)  # every thread, even if it hangs
        yield

    def stop(self, *_: object) -> None:
        """Begin to drain."""
        self.should_exit = True


class Connection(h11.Connection):
    """Refuses what h11 lets pass."""

    refusal = HTTPStatus.BAD_REQUEST
    request: h11.Request | None = None

    @override
    def next_event(self) -> Any:
        """Return what came; raise h11.RemoteProtocolError and set `refusal` where it is wrong."""
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self.request = event
                return self.checked(event)
        except h11.RemoteProtocolError as error:
            self.refusal = HTTPStatus(error.error_status_hint)
            raise
        return event

    def checked(self, event: h11.Request) -> h11.Request:
        """Return the request, its target in the usual form."""
        size = sum(len(name) + len(value) + 4 for name, value in event.headers)
        if size + len(event.method) + len(event.target) > HEADER_LIMIT:
            raise h11.RemoteProtocolError("too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not event.http_version.startswith(b"1."):
            raise h11.RemoteProtocolError("no HTTP/1", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in event.headers}:
            raise h11.RemoteProtocolError("two lengths of one body")
        for name, value in event.headers:
            if CONTROL.search(value) or (name == b"host" and not HOST.fullmatch(value)):
                raise h11.RemoteProtocolError("a header with what none may have")
        target = re.sub(rb"(?i)^https?://[^/?#]*/?", b"/", event.target)
        if target != b"*" and not target.startswith(b"/"):
            raise h11.RemoteProtocolError("a target that is no path")
        if re.search(rb"%(?![0-9A-Fa-f]{2})", target.partition(b"?")[0]):
            raise h11.RemoteProtocolError("half an escape")
        object.__setattr__(event, "target", target)
        return event


class Lingering:
    """A transport that closes only when the client has had the chance to read why.

    To close while a client sends resets the connection, and takes the answer away from it.
    """

    def __init__(self, transport: asyncio.Transport, protocol: "Protocol") -> None:
        """Wrap `transport`."""
        self.transport = transport
        self.protocol = protocol
        self.lingers = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever it has
        """Return what the transport has."""
        return getattr(self.transport, name)

    def is_closing(self) -> bool:
        """Say whether nothing more is sent."""
        return self.lingers or self.transport.is_closing()

    def close(self) -> None:
        """Close at once if the client has sent all it wanted to, in a moment if not."""
        if self.is_closing():
            return
        if self.protocol.conn.their_state not in (h11.SEND_BODY, h11.ERROR):
            self.transport.close()
            return
        self.lingers = True
        self.transport.write_eof()
        self.transport.resume_reading()
        self.protocol.load.wait(self.protocol)
        self.protocol.loop.call_later(2, self.transport.abort)


class Protocol(H11Protocol):
    """HTTP/1.1 with limits, deadlines, and errors as JSON."""

    deadline: asyncio.TimerHandle | None = None
    write_deadline: asyncio.TimerHandle | None = None
    half_closed = False

    def __init__(self, load: Load, **settings: Any) -> None:  # noqa: ANN401  Uvicorn's
        """Take part in the `load` of the server."""
        super().__init__(**settings)
        self.load = load
        self.application: ASGIApp = self.app
        self.app = self.answer
        self.conn = Connection(h11.SERVER, HEADER_LIMIT)

    @override
    # Uvicorn's own method takes a narrower type than asyncio's, in the same way.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        # A connection keeps what it read until it ends, a refused one too: asyncio reads 256 KiB.
        # (An attribute of asyncio's own transports of sockets, which uvloop's do not have.)
        if hasattr(transport, "max_size"):
            transport.max_size = 64 << 10
        # It passes on whatever it does not have itself.
        super().connection_made(Lingering(transport, self))  # type: ignore[arg-type]
        self.load.wait(self)
        self.set_deadline()
        self.shutdown_soon()

    @override
    def data_received(self, data: bytes) -> None:
        """Wait for the rest of the request, unless this was it."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.set_deadline()
        else:
            self.clear_deadline()

    @override
    # Uvicorn's returns nothing, which asyncio takes for False.
    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer what was asked, then close: the client sends no more, and may well read."""
        self.half_closed = True
        return self.in_flight and self.conn.their_state is not h11.SEND_BODY

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self.load.idle.pop(self, None)
        self.clear_deadline()
        self.resume_writing()
        super().connection_lost(exc)

    @override
    def shutdown(self) -> None:
        """Close if nothing is asked for; an answer closes by itself now."""
        if not self.in_flight and not self.conn.trailing_data[0]:
            self.transport.close()

    def shutdown_soon(self) -> None:
        """Close a connection that waits for a request in the middle of the drain."""
        if self.load.draining:
            self.loop.call_later(LAST_REQUESTS, self.shutdown)

    @override
    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for it."""
        super().on_response_complete()
        if not self.in_flight and not self.transport.is_closing():
            self.shutdown_soon()
            self.load.wait(self)
            if self.half_closed:
                self.transport.close()
            elif self.conn.trailing_data[0]:
                self.set_deadline()

    @override
    def _should_upgrade_to_ws(self) -> bool:
        """Say whether the path has a WebSocket; where it has none, the wish is not heeded."""
        scope = {**self.scope, "type": "websocket"}
        return (
            super()._should_upgrade_to_ws()
            and self.scope["method"] == "GET"
            and any(route.matches(scope)[0] is Match.FULL for route in self.load.routes)
        )

    @override
    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over; it waits for no request any more."""
        self.load.idle.pop(self, None)
        super().handle_websocket_upgrade(event)

    @property
    def in_flight(self) -> bool:
        """Say whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    @override
    def send_400_response(self, msg: str) -> None:
        """Answer {"error": ...} with what the connection was refused for, and end it."""
        # `conn` is the Connection above, which Uvicorn takes for h11's.
        status = self.conn.refusal  # type: ignore[attr-defined]
        if self.in_flight:
            # Its handler sees a client that has left.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        else:
            # As above.
            request = self.conn.request  # type: ignore[attr-defined]
            method = request.method.decode() if request else "-"
            target = request.target.partition(b"?")[0] if request else b"-"
            log_request(method, target, status, time.perf_counter())
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body, headers = error_as_json(status)
            for event in (
                h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    async def answer(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Let the application answer, within the limits of the server."""
        self.load.idle.pop(self, None)
        headers = dict(scope["headers"])
        # An endpoint that takes larger bodies reads them as they come.
        chunked = b"transfer-encoding" in headers
        body = BODY_LIMIT if chunked else min(int(headers.get(b"content-length", 0)), BODY_LIMIT)
        application = self.application
        if scope["path"] != "/healthz" and (
            self.load.requests >= REQUESTS_AT_A_TIME or self.load.bodies + body > BODIES_AT_A_TIME
        ):
            application, body = RequestLog(answer_overload), 0

        async def send_last(message: "Message") -> None:
            if message["type"] == "http.response.start" and self.is_last_answer:
                message["headers"] = [*message["headers"], CLOSE_HEADER]
            await send(message)

        self.load.requests += 1
        self.load.bodies += body
        try:
            await application(scope, receive, send_last)
        finally:
            self.load.requests -= 1
            self.load.bodies -= body

    @property
    def is_last_answer(self) -> bool:
        """Say whether the answer closes the connection: no other request waits behind this one."""
        return (self.load.draining or self.half_closed) and not self.conn.trailing_data[0]

    def set_deadline(self) -> None:
        """Cut the client off in READ_TIMEOUT; a byte now and then wins it no time."""
        self.deadline = self.deadline or self.loop.call_later(READ_TIMEOUT, self.transport.abort)

    def clear_deadline(self) -> None:
        """Let the client be."""
        if self.deadline:
            self.deadline.cancel()
            self.deadline = None

    @override
    def pause_writing(self) -> None:
        """Cut off a client that reads nothing for WRITE_TIMEOUT."""
        super().pause_writing()
        self.write_deadline = self.loop.call_later(WRITE_TIMEOUT, self.transport.abort)

    @override
    def resume_writing(self) -> None:
        """Let the client be."""
        super().resume_writing()
        if self.write_deadline:
            self.write_deadline.cancel()
            self.write_deadline = None


async def answer_overload(_: "Scope", __: "Receive", send: "Send") -> None:
    """Ask the client to come again."""
    body, headers = error_as_json(HTTPStatus.SERVICE_UNAVAILABLE)
    headers.append((b"retry-after", b"1"))
    await send(
        {
            "type": "http.response.start",
            "status": HTTPStatus.SERVICE_UNAVAILABLE,
            "headers": headers,
        }
    )
    await send({"type": "http.response.body", "body": body})


def error_as_json(status: HTTPStatus) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return body and headers of an answer that ends the connection."""
    body = json.dumps({"error": status.phrase.lower()}).encode()
    return body, [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        CLOSE_HEADER,
    ]


def print_tasks(*_: object) -> None:
    """Print where every task waits."""
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)
