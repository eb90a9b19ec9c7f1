"""HTTP clients made of plain sockets: they send what a library refuses to send, and see what it hides.

Tests import `Connection`. The scenarios at the end are for many clients at once: they run as a program of their own in
the network namespace of the container they ask (Container.clients), so that no proxy of the engine is between the two:

    python -c "$(cat client.py)" '{"scenario": "load", "port": 8080, …}'

The program prints `ready` once it is under way, and a JSON object at its end. It needs the standard library only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass

HOST = "127.0.0.1"


class Incomplete(Exception):  # noqa: N818  (an answer is, not a program)
    """A connection ended in the middle of an answer."""


@dataclass(frozen=True)
class Answer:
    """One answer; names of headers in lower case."""

    version: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def is_last(self) -> bool:
        """Say whether it announces the end of the connection."""
        return "close" in self.headers.get("connection", "").lower()


def request(path: str = "/", *headers: str, method: str = "GET", body: bytes = b"", version: str = "1.1") -> bytes:
    """Return a request; one with a body has its length, too."""
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: test", *length, *headers, "\r\n"]).encode() + body


# RFC 6455, section 1.3: what a client asks with, and what a server answers to that.
UPGRADE = [
    *("Connection: Upgrade", "Upgrade: websocket"),
    *("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
]
UPGRADED = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def reading(data: bytearray, head: bool = False) -> Generator[None, bool, Answer]:
    """Take the next answer off `data`; `head` says that it is one to HEAD. Answers such as 100 are passed over.

    It yields where more has to be received first, and is sent whether the connection has ended instead.
    """
    status = "100"
    while status.startswith("1") and status != "101":
        begin = yield from until(data, b"\r\n\r\n")
        first, *lines = begin.decode("latin-1").split("\r\n")
        version, status = first.split(" ")[:2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = bytearray()
    if head or status in ("101", "204", "304"):
        pass
    elif "chunked" in headers.get("transfer-encoding", ""):
        size = True
        while size:
            size = int((yield from until(data, b"\r\n")).split(b";")[0], 16)
            body += yield from exactly(data, size)
            yield from exactly(data, 2)
    elif "content-length" in headers:
        body = yield from exactly(data, int(headers["content-length"]))
    else:
        while not (yield):
            pass
        body = yield from exactly(data, len(data))
    return Answer(version, int(status), headers, bytes(body))


def until(data: bytearray, end: bytes) -> Generator[None, bool, bytes]:
    """Take what comes before `end` off `data`, and `end` too."""
    seen = 0
    while (found := data.find(end, seen)) < 0:
        seen = max(0, len(data) - len(end))
        yield
    taken = bytes(data[:found])
    del data[: found + len(end)]
    return taken


def exactly(data: bytearray, count: int) -> Generator[None, bool, bytes]:
    """Take `count` bytes off `data`."""
    while len(data) < count:
        yield
    taken = bytes(data[:count])
    del data[:count]
    return taken


class Connection:
    """A connection to `address`, for one test; `timeout` in seconds, for each step."""

    def __init__(self, address: tuple[str, int], timeout: float = 10) -> None:
        """Connect."""
        self.socket = socket.create_connection(address, timeout)
        self.data, self.has_ended = bytearray(), False

    def __enter__(self) -> Connection:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send `data`; a server that has answered already need not take it."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)

    def end(self) -> None:
        """Send nothing more, and go on reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self) -> bool:
        """Wait for more data; say whether there is any, or the connection has ended."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self.data += data
        self.has_ended = not data
        return bool(data)

    def answer(self, head: bool = False) -> Answer | None:
        """Return the next answer; None where the connection ends without one, Incomplete is raised in its middle."""
        begun = bool(self.data)
        answer = reading(self.data, head)
        try:
            answer.send(None)
            while not self.has_ended:
                begun = self.receive() or begun
                answer.send(self.has_ended)
        except StopIteration as done:
            return done.value
        if begun:
            raise Incomplete(self.data[:200])
        return None

    def ask(self, path: str = "/", *headers: str, **how) -> Answer | None:
        """Send a request (`how` is what `request` takes) and return its answer."""
        self.send(request(path, *headers, **how))
        return self.answer(head=how.get("method") == "HEAD")

    def line(self) -> bytes:
        """Return the next line of what is received, without its end; raises Incomplete where there is none."""
        while b"\n" not in self.data:
            if not self.receive():
                raise Incomplete(self.data[:200])
        line, _, self.data = self.data.partition(b"\n")
        return bytes(line).rstrip(b"\r")

    def upgrade(self, path: str) -> None:
        """Ask for a WebSocket and get it."""
        answer = self.ask(path, *UPGRADE)
        assert (answer.status, answer.headers["sec-websocket-accept"]) == (101, UPGRADED)

    def echo(self, text: bytes) -> bytes:
        """Send a message of at most 125 bytes over a WebSocket and return that which comes."""
        self.send(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)  # one frame of text, masked with zeros
        while len(self.data) < 2 or len(self.data) < 2 + self.data[1]:
            if not self.receive():
                raise Incomplete(self.data)
        size = 2 + self.data[1]
        message = bytes(self.data[2:size])
        del self.data[:size]
        return message

    def ends(self) -> bool:
        """Wait for the server to end the connection; say whether it did, and sent nothing more before."""
        return not self.data and (self.has_ended or not self.receive())


# ---------------------------------------------------------------------------------------------------------------------
# Many clients
# ---------------------------------------------------------------------------------------------------------------------


class Client:
    """One connection of many; the same as Connection, asynchronous."""

    @classmethod
    async def connect(cls, port: int) -> Client:
        """Connect; raises OSError where it is refused."""
        client = cls()
        client.reader, client.writer = await asyncio.open_connection(HOST, port)
        client.data, client.answers, client.received = bytearray(), 0, 0
        return client

    async def answer(self) -> Answer | None:
        """Return the next answer; None where the connection ends without a complete one."""
        answer, ended = reading(self.data), False
        try:
            answer.send(None)
            while not ended:
                try:
                    data = await self.reader.read(1 << 16)
                except ConnectionError:
                    data = b""
                self.data += data
                self.received += len(data)
                ended = not data
                answer.send(ended)
        except StopIteration as done:
            self.answers += 1
            return done.value
        return None

    async def send(self, data: bytes) -> None:
        """Send `data`; that nobody takes it is seen where the answer is missing."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    def close(self) -> None:
        """Close the connection."""
        self.writer.close()


class Report:
    """What many clients have seen: answers by path and status, milliseconds each took, and requests without one."""

    def __init__(self, clients: int) -> None:
        """Expect so many `clients` to be under way."""
        self.answers: Counter[str] = Counter()
        self.milliseconds: list[float] = []
        self.lost: list[str] = []
        self.waiting = clients
        self.is_over = False

    def end(self) -> None:
        """Let every client stop after its current answer."""
        self.is_over = True

    def is_under_way(self) -> None:
        """Count one client that has got its first answer; say so when all have."""
        self.waiting -= 1
        if not self.waiting:
            print("ready", flush=True)


async def ask_again_and_again(
    report: Report, port: int, path: str, batch: int = 1, half_closed: bool = False, rounds: int = 0, pause: float = 0
) -> None:
    """Ask on a kept-alive connection, and on a new one after each end, until it is refused or told to stop.

    With `rounds` it asks so many times, and no connection may be refused; `pause` seconds are between two rounds.

    `batch` requests are sent at once; a `half_closed` client says after its second request that it sends no more.
    A request counts as lost when it was sent and its answer is not complete. One is excused: the first of a connection,
    if no new connection can be made after it. The kernel makes connections before the server accepts them.
    """
    done, excused = 0, ""
    while not (report.is_over or done >= rounds > 0):
        try:
            client = await Client.connect(port)
        except OSError:
            if rounds:
                report.lost.append(f"{path}: no connection")
            break
        if excused:
            report.lost.append(excused)
            excused = ""
        keeps = True
        while keeps and not (report.is_over or done >= rounds > 0):
            start = time.perf_counter()
            await client.send(request(path) * batch)
            keeps = not (half_closed and client.answers)
            if not keeps:
                with contextlib.suppress(OSError):  # a connection that has ended already: its answer is missing
                    client.writer.write_eof()
            for number in range(batch):
                answer = await client.answer()
                if not answer:
                    loss = f"{path}: {number + 1} of {batch}, after {client.answers} answers: {bytes(client.data[:40])}"
                    if client.received:
                        report.lost.append(loss)
                    else:
                        excused = loss
                    keeps = False
                    break
                report.answers[f"{path} {answer.status}"] += 1
                report.milliseconds.append((time.perf_counter() - start) * 1000)
                keeps = keeps and not answer.is_last
            done += 1
            if done == 1:
                report.is_under_way()
            await asyncio.sleep(pause)
        client.close()


async def load(port: int, clients: list[dict]) -> dict:
    """Let clients ask again and again: each entry is `count` of them, and what ask_again_and_again takes."""
    many = [dict(entry) for entry in clients for _ in range(entry["count"])]
    for entry in many:
        del entry["count"]
    report = Report(len(many))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, report.end)
    start = time.perf_counter()
    await asyncio.gather(*(ask_again_and_again(report, port, **entry) for entry in many))
    times = sorted(report.milliseconds)
    return {
        "answers": report.answers,
        "lost": report.lost,
        "seconds": time.perf_counter() - start,
        "p50": times[len(times) // 2],
        "p99": times[len(times) * 99 // 100],
    }


async def slow(port: int, clients: dict[str, dict], patience: float) -> dict:
    """Send `send` and then, each second, `drip`; tell when the server ended each connection and with which status.

    A client that is not cut off within `patience` seconds leaves; null is told of it.
    """

    async def one(send: str, drip: str = "") -> dict | None:
        client = await Client.connect(port)
        start = time.monotonic()
        await client.send(send.encode())
        received = b""
        while time.monotonic() - start < patience:
            try:
                received += (data := await asyncio.wait_for(client.reader.read(1 << 16), 1))
            except TimeoutError:
                await client.send(drip.encode())
                continue
            except ConnectionError:
                data = b""
            if not data:
                status = received.split(b" ", 2)[1].decode() if received else ""
                return {"seconds": time.monotonic() - start, "status": status}
        return None

    answers = asyncio.gather(*(one(**client) for client in clients.values()))
    print("ready", flush=True)
    return dict(zip(clients, await answers, strict=True))


async def flood(port: int, count: int, send: str, fill: int = 0, hold: float = 0) -> dict:
    """Open `count` connections, send `send` and then `fill` bytes on each, and keep them open for `hold` seconds.

    Meanwhile others ask /healthz and /; what they were answered is told, and with which Retry-After.
    """
    data = send.encode() + b"a" * fill
    clients: list[Client] = []
    gate = asyncio.Semaphore(100)
    seen: Counter[str] = Counter()

    async def greedy() -> None:
        async with gate:
            try:
                clients.append(client := await Client.connect(port))
            except OSError:
                return
            try:
                await asyncio.wait_for(client.send(data), 5)
            except TimeoutError:
                return

    async def ask(path: str, again: int = 2) -> str:
        # Who is cut off before the answer asks again, as browsers, proxies and probes do.
        try:
            client = await Client.connect(port)
            await client.send(request(path, "Connection: close"))
            answer = await asyncio.wait_for(client.answer(), 20)
            client.close()
        except (OSError, TimeoutError) as error:
            return f"{path} {type(error).__name__}"
        if not answer:
            return await ask(path, again - 1) if again else f"{path} none"
        return f"{path} {answer.status} {answer.headers.get('retry-after', '')}".strip()

    async def others() -> None:
        for _ in range(10):
            for path in ("/healthz", "/"):
                seen[await ask(path)] += 1

    crowd = asyncio.gather(*(greedy() for _ in range(count)))
    print("ready", flush=True)
    await others()
    await crowd
    await others()
    await asyncio.sleep(hold)
    for client in clients:
        client.writer.transport.abort()
    return {"opened": len(clients), "others": seen}


if __name__ == "__main__":
    arguments = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(globals()[arguments.pop("scenario")](**arguments))))
