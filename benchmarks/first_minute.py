"""Measure the first minute: from the first command of the README to the first request that the service answers.

    python3 run.py python benchmarks/first_minute.py          writes docs/first-minute.md; root, tc and uvx are needed

The commands are those of a newcomer, with every cache cold: uvx downloads cookiecutter, which clones the template and
asks; each answer is Enter, at once. A new builder pulls the base images from a registry beside it and downloads
packages. A slow network is imitated: a proxy limits what the commands download, the kernel what the builder downloads.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from measure import ROOT, answers, conditions, write_page
from support import engine
from support.builders import Site, site
from support.githost import git_host
from support.menus import ASKED, WRITE_IT, question
from support.services import LANGUAGES, QUESTIONS, host_roots
from support.template import git, snapshot
from support.terminal import DOWN, ENTER, Terminal

SLOW = 20  # Mbit/s
STEPS = ["the first question", "the service made", "the image built", "the first request answered"]


class Throttle:
    """An HTTP proxy on the loopback interface; what comes from servers passes at so many bytes a second, in all."""

    def __init__(self, rate: float) -> None:
        """Listen."""
        self.rate, self.due, self.lock, self.passed = rate, 0.0, threading.Lock(), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := client.recv(65536)):
                return
            head += data
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.split()
        if method == b"CONNECT":
            host, port = target.decode().rsplit(":", 1)
        else:
            host, port = urlsplit(target.decode()).hostname, urlsplit(target.decode()).port or 80
        with client, socket.create_connection((host, int(port))) as server:
            if method == b"CONNECT":
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                path = target.split(b"/", 3)[3]
                server.sendall(b"%s /%s %s\r\n%s" % (method, path, version, rest))
            with contextlib.suppress(OSError):  # either side has gone
                self._relay(client, server)

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            for ready in select.select([client, server], [], [])[0]:
                if not (data := ready.recv(16384)):
                    return
                if ready is server:
                    time.sleep(self._wait(len(data)))
                (client if ready is server else server).sendall(data)

    def _wait(self, size: int) -> float:
        with self.lock:
            now = time.monotonic()
            self.passed += size
            self.due = max(self.due, now) + size / self.rate
            return self.due - now


@contextlib.contextmanager
def shaped(builder: str, rate: float) -> Iterator[Callable[[], float]]:
    """Limit what the builder's container downloads to `rate` Mbit/s, 0 for no limit; give what tells the MB so far."""
    name = f"buildx_buildkit_{builder}0"
    number = engine.docker("exec", name, "cat", "/sys/class/net/eth0/iflink").strip()
    (device,) = [path.parent for path in Path("/sys/class/net").glob("*/ifindex") if path.read_text().strip() == number]
    if rate:
        limit = ["rate", f"{rate}mbit", "burst", "64kb", "latency", "400ms"]
        subprocess.run(["tc", "qdisc", "add", "dev", device.name, "root", "tbf", *limit], check=True)
    before = int((device / "statistics" / "tx_bytes").read_text())
    yield lambda: (int((device / "statistics" / "tx_bytes").read_text()) - before) / 1e6


def measure(place: Site, template: str, language: str, rate: float) -> tuple[list[float], float]:
    """Return the seconds from the first command to the end of each step, and the MB that were downloaded."""
    throttle = Throttle((rate or 1000) * 1e6 / 8)
    builder = place.builder("docker-container")
    with tempfile.TemporaryDirectory() as folder, shaped(builder, rate) as downloaded:
        network = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), throttle.address)
        home = {"HOME": folder, "UV_CACHE_DIR": f"{folder}/cache", "NO_PROXY": "", "no_proxy": ""}
        start = time.monotonic()
        reached = []

        def reach() -> None:
            reached.append(time.monotonic() - start)

        terminal = Terminal(
            *("uvx", "--with=questionary", "cookiecutter", template, f"--output-dir={folder}"), **network, **home
        )
        terminal.see(f"? {question(ASKED[0])}", seconds=600)
        reach()
        for name in ASKED:
            terminal.see(f"? {question(name)}")
            terminal.press(*(DOWN * QUESTIONS[name].index(language) if name == "language" else ""), ENTER)
        terminal.see(WRITE_IT)
        terminal.press(ENTER)
        if terminal.end():
            raise engine.EngineError(terminal.text)
        reach()
        tag = f"{place.name}-{language}"
        ca = f"--secret=id=ca,src={host_roots()}"
        build = ["docker", "buildx", "build", f"--builder={builder}", "--load", f"--tag={tag}", ca, "--quiet"]
        done = subprocess.run([*build, f"{folder}/hello-service"], capture_output=True, text=True)
        if done.returncode:
            raise engine.EngineError(done.stderr)
        reach()
        port = engine.free_port()
        run = ["run", "--rm", "--detach", "--init", f"--publish=127.0.0.1:{port}:8080", tag]
        container = engine.docker(*run).strip()
        engine.wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), 60, lambda: engine.docker("logs", container))
        reach()
        engine.docker("rm", "--force", container)
        engine.docker("rmi", "--force", tag)
        return reached, downloaded() + throttle.passed / 1e6


def main() -> None:
    """Measure all languages, and the default one over a slow network too; write the page."""
    load = os.getloadavg()[0]
    names = (ROOT / "docs" / "dockerfiles").glob(f"*-{QUESTIONS['runtime_base'][0]}.Dockerfile")
    dockerfiles = "".join(path.read_text(encoding="utf-8") for path in names)
    table = [f"| network | language | {' | '.join(STEPS)} | downloaded MB |", "|---|---|" + "---:|" * (len(STEPS) + 1)]
    with tempfile.TemporaryDirectory() as folder, site() as place, git_host(Path(folder), "org/slim-templates") as host:
        source = snapshot(Path(folder, "slim-templates"), whole=True)
        git(source, "push", "--quiet", str(Path(folder, "org/slim-templates.git")), "main")
        for image in {"docker/dockerfile:1"} | engine.base_images(dockerfiles):
            place.offer(image)
        for rate, language in [*((0, language) for language in LANGUAGES), (SLOW, LANGUAGES[0])]:
            reached, downloaded = measure(place, f"http://{host}/org/slim-templates.git", language, rate)
            network = f"{rate} Mbit/s" if rate else "fast"
            cells = [network, language, *(f"{seconds:.0f} s" for seconds in reached), f"{downloaded:.0f}"]
            table.append(f"| {' | '.join(cells)} |")
            print(table[-1], flush=True)
    note = f"{conditions(engine.stand_ins(dockerfiles))} Load of the machine before: {load:.1f}."
    write_page("first-minute", table="\n".join(table), note=note)


if __name__ == "__main__":
    os.umask(0o022)
    main()
