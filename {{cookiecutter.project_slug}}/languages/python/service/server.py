"""The server: it listens, drains on SIGTERM or SIGINT, and cuts off slow clients."""

import asyncio
import logging
import socket

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.app import create_app
from service.log import log_json

# A client that is slower than this is cut off, so that it cannot hold a connection for ever.
READ_TIMEOUT = 30
IDLE_TIMEOUT = 120

# Docker kills ten seconds after SIGTERM; two are left to exit.
DRAIN_TIMEOUT = 8

log = logging.getLogger(__name__)


def serve(port: int) -> str | None:
    """Answer requests until a signal; return what kept it from doing so, if anything."""
    log_json()
    try:
        listener = listen(port)
    except OSError as error:
        return f"cannot listen: {error.strerror}"
    Server(create_app()).run([listener])
    return None


def listen(port: int) -> socket.socket:
    """Listen on every interface, with IPv6 and IPv4 where the kernel has both."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


class Server(uvicorn.Server):
    """Uvicorn, with readiness and a log of its own."""

    def __init__(self, app: FastAPI) -> None:
        """Prepare to serve `app`."""
        self.app = app
        super().__init__(
            uvicorn.Config(
                app,
                http=PatientProtocol,
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=IDLE_TIMEOUT,
                timeout_graceful_shutdown=DRAIN_TIMEOUT,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say on which port."""
        await super().startup(sockets)
        for listener in sockets or []:
            log.info("listening", extra={"port": listener.getsockname()[1]})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more and return when the requests in flight are answered, or too late."""
        self.app.state.draining = True
        log.info("draining")
        await super().shutdown(sockets)


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with an end to its patience: Uvicorn waits for the rest of a request for ever."""

    deadline: asyncio.TimerHandle | None = None

    # Uvicorn's own method takes a narrower type than asyncio's, in the same way.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self.set_deadline()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of the request, unless this was it."""
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.set_deadline()
        else:
            self.clear_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self.clear_deadline()
        super().connection_lost(exc)

    def set_deadline(self) -> None:
        """Cut the client off in READ_TIMEOUT; a byte now and then wins it no time."""
        self.deadline = self.deadline or self.loop.call_later(READ_TIMEOUT, self.transport.abort)

    def clear_deadline(self) -> None:
        """Let the client be."""
        if self.deadline:
            self.deadline.cancel()
            self.deadline = None
