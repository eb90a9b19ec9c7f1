"""A server that leaves SIGTERM to its default."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Greets whoever asks for whatever."""

    def do_GET(self) -> None:
        """Greet."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Hello from hello-service")


HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
