"""A host of git repositories on the loopback interface: git's own HTTP server, and files as a browser sees them."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.template import git


class Host(BaseHTTPRequestHandler):
    """Serves the bare repositories in a folder; whoever reaches it may push."""

    folder: Path

    def do_GET(self) -> None:
        """Answer git, or give a file of a repository's default branch: /OWNER/NAME/raw/FILE."""
        if file := re.fullmatch(r"/([\w-]+/[\w-]+)/raw/([\w./-]+)", self.path):
            repository, name = file.groups()
            command = ["git", "-C", self.folder / f"{repository}.git", "show", f"HEAD:{name}"]
            done = subprocess.run(command, capture_output=True)
            self.send_response(404 if done.returncode else 200)
            self.send_header("Content-Length", str(len(done.stdout)))
            self.end_headers()
            self.wfile.write(done.stdout)
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """Let `git http-backend` answer, which is a CGI program."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "somebody",  # whom git lets push
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=True)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_) -> None:
        """Log nothing."""


@contextmanager
def git_host(folder: Path, *repositories: str) -> Iterator[str]:
    """Give the address of a host with these empty repositories, each named OWNER/NAME."""
    for name in repositories:
        (folder / f"{name}.git").mkdir(parents=True)
        git(folder / f"{name}.git", "init", "--quiet", "--bare", "--initial-branch=main")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Host", (Host,), {"folder": folder}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
