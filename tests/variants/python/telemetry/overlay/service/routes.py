"""Every endpoint, and a collector of spans as a sidecar would be: on loopback."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from fastapi import APIRouter

router = APIRouter()
collected: list[bytes] = []


class Collector(BaseHTTPRequestHandler):
    """Takes what exporters send by OTLP over HTTP."""

    def do_POST(self) -> None:
        """Keep it."""
        collected.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


threading.Thread(target=HTTPServer(("127.0.0.1", 4318), Collector).serve_forever, daemon=True).start()


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from hello-service"}


@router.get("/collected")
async def spans() -> dict[str, bool]:
    """Say what has come."""
    return {
        "spans": any(b"GET /" in each for each in collected),
        "service": any(b"hello-service" in each for each in collected),
    }
