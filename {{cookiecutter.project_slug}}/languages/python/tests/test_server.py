"""The running service: how it starts, probes itself, drains and treats slow clients."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.request import ProxyHandler, build_opener

import pytest

from service import __main__ as entry
from service import server
from service.app import create_app

# Not through the proxy of a build that has one.
urlopen = build_opener(ProxyHandler({})).open


@contextmanager
def running(service: server.Server) -> Iterator[int]:
    """Run the service in a thread; give its port."""
    listener = server.listen(0)
    port: int = listener.getsockname()[1]
    thread = threading.Thread(target=service.run, args=([listener],))
    thread.start()
    wait_until(lambda: service.started)
    try:
        yield port
    finally:
        service.should_exit = True
        thread.join()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited for five seconds"
        time.sleep(0.01)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_request_in_flight_is_answered_on_shutdown() -> None:
    started, finish = threading.Event(), threading.Event()
    app = create_app()

    @app.get("/slow")
    def slow() -> str:
        started.set()
        finish.wait()
        return "in full"

    service = server.Server(app)
    with running(service) as port, ThreadPoolExecutor() as pool:
        answer = pool.submit(lambda: urlopen(f"http://127.0.0.1:{port}/slow").read())
        started.wait()
        service.should_exit = True
        wait_until(lambda: not accepts(port))
        assert app.state.draining
        finish.set()

        assert answer.result() == b'"in full"'


@pytest.mark.parametrize(
    "request_head",
    [
        pytest.param(b"", id="says nothing"),
        pytest.param(b"GET / HTTP/1.1\r\nHost:", id="never ends its head"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", id="owes a body"),
    ],
)
def test_slow_client_is_cut_off(monkeypatch: pytest.MonkeyPatch, request_head: bytes) -> None:
    monkeypatch.setattr(server, "READ_TIMEOUT", 0.1)
    app = create_app()

    @app.post("/")
    async def read(body: dict[str, str]) -> dict[str, str]:
        return body

    with (
        running(server.Server(app)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=5) as client,
    ):
        client.sendall(request_head)

        assert client.recv(1) == b""


def test_patient_client_is_served_longer_than_the_read_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "READ_TIMEOUT", 0.1)
    app = create_app()

    @app.get("/slow")
    def slow() -> str:
        time.sleep(0.3)
        return "in full"

    with running(server.Server(app)) as port:
        assert urlopen(f"http://127.0.0.1:{port}/slow").read() == b'"in full"'


def test_process_drains_on_sigterm_and_logs_nothing_but_json() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "service"],
        env=os.environ | {"PORT": str(free_port())},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        urlopen(f"http://127.0.0.1:{first['port']}/").close()
        process.send_signal(signal.SIGTERM)
        rest = [json.loads(line) for line in process.stdout]

    assert process.returncode == 0
    assert [line["msg"] for line in [first, *rest]] == ["listening", "request", "draining"]


def free_port() -> int:
    with socket.create_server(("", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize(("value", "port"), [("", entry.DEFAULT_PORT), ("9000", 9000)])
def test_port(value: str, port: int) -> None:
    assert entry.parse_port(value) == port


@pytest.mark.parametrize("value", ["http", "0", "-1", "65536", "80 80", "\u0668\u0660"])
def test_bad_port_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)

    assert str(entry.main()).startswith(f"PORT is {value!r}: give it a number")


def test_port_in_use_is_one_sentence() -> None:
    with server.listen(0) as other:
        problem = server.serve(other.getsockname()[1])

    assert str(problem).startswith(f"cannot listen: {os.strerror(errno.EADDRINUSE)}")
