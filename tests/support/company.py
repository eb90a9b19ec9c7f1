"""A company's network in miniature: an index of packages and a proxy, both of which require credentials.

It runs in a container, where the steps of a build reach it on any machine; Python's standard library is all it needs:

    python3 company.py CERTIFICATE USER:TOKEN USER:PASSWORD

serves the index over TLS on port 8443 to the first account and the proxy on port 3128 to the second, and prints a line
for each request that it grants. The index has whatever the public ones have, each under a path of its own, and what is
in the folder /own.
"""

from __future__ import annotations

import base64
import selectors
import socket
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

INDEX_PORT, PROXY_PORT = 8443, 3128
AT_A_TIME = threading.BoundedSemaphore(8)  # requests to a public index

PUBLIC = {
    "go": "https://proxy.golang.org",
    "npm": "https://registry.npmjs.org",
    "pypi": "https://pypi.org",
    "files": "https://files.pythonhosted.org",
    "maven": "https://repo.maven.apache.org/maven2",
}


class Company(BaseHTTPRequestHandler):
    """What the index and the proxy share."""

    protocol_version = "HTTP/1.1"
    credentials: tuple[str, ...]  # header values that are let in
    trusted: ssl.SSLContext  # of all requests: to read a bundle of roots takes longer than a request

    def granted(self, header: str, refusal: int, challenge: str) -> bool:
        """Say whether the request names the right credentials in `header`; answer with `refusal` if not."""
        if self.headers.get(header) in self.credentials:
            print(type(self).__name__, self.command, self.path, flush=True)
            return True
        self.answer(refusal, {challenge: 'Basic realm="company"'})
        return False

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def relay(self, address: str) -> tuple[int, str, bytes]:
        """Return status, type and body of what `address` answers."""
        request = urllib.request.Request(address, headers={"Accept": self.headers.get("Accept", "*/*")})  # noqa: S310
        for pause in (0.5, 1, 2, 4, 8):
            try:
                with AT_A_TIME, urllib.request.urlopen(request, timeout=60, context=self.trusted) as answer:  # noqa: S310
                    return answer.status, answer.headers.get("Content-Type", ""), answer.read()
            except urllib.error.HTTPError as error:
                return error.code, "text/plain", error.read()
            except OSError as error:
                failure = str(error)
                time.sleep(pause)
        return 502, "text/plain", failure.encode()

    def log_message(self, *_) -> None:
        """Do not log what is refused."""


class Index(Company):
    """Serves what the public indexes have; links in its answers point back to it."""

    def do_GET(self) -> None:
        """Answer what the public index answers."""
        if not self.granted("Authorization", 401, "WWW-Authenticate"):
            return
        name, _, path = self.path[1:].partition("/")
        own = Path(f"/own{self.path}index.html" if self.path.endswith("/") else f"/own{self.path}")
        if own.is_file():
            self.answer(200, {"Content-Type": "text/html"}, own.read_bytes())
            return
        status, kind, body = self.relay(f"{PUBLIC[name]}/{path}")
        if "json" in kind or "html" in kind:
            for other, address in PUBLIC.items():
                body = body.replace(address.encode(), f"https://{self.headers['Host']}/{other}".encode())
        self.answer(status, {"Content-Type": kind}, body)

    do_HEAD = do_GET  # noqa: N815


class Proxy(Company):
    """Tunnels for TLS; plain requests are passed on."""

    def do_CONNECT(self) -> None:
        """Carry bytes both ways until one side ends."""
        if not self.granted("Proxy-Authorization", 407, "Proxy-Authenticate"):
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as remote, selectors.DefaultSelector() as ready:
            self.send_response(200)
            self.end_headers()
            ready.register(self.connection, selectors.EVENT_READ, remote)
            ready.register(remote, selectors.EVENT_READ, self.connection)
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    key.data.sendall(data)

    def do_GET(self) -> None:
        """Pass on a request for a whole address."""
        if self.granted("Proxy-Authorization", 407, "Proxy-Authenticate"):
            status, kind, body = self.relay(self.path)
            self.answer(status, {"Content-Type": kind}, body)


class Server(ThreadingHTTPServer):
    """Takes the many connections that package managers open at once."""

    request_queue_size = 128


def basic(account: str) -> str:
    """Return the value of an Authorization header for an account (RFC 7617)."""
    return "Basic " + base64.b64encode(account.encode()).decode()


def main(certificate: str, reader: str, traveller: str) -> None:
    """Serve until stopped."""
    Company.trusted = ssl.create_default_context()
    Index.credentials = (basic(reader), f"Bearer {reader.partition(':')[2]}")
    Proxy.credentials = (basic(traveller),)
    index, proxy = (Server(("", port), each) for port, each in ((INDEX_PORT, Index), (PROXY_PORT, Proxy)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # A connection's thread shakes hands, so that nobody who is slow at it holds up the others.
    index.socket = context.wrap_socket(index.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    print("ready", flush=True)
    index.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
