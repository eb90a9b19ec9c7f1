"""Starts the service as production does. Part of the template: an update replaces it.

    python3 smoke-test.py COMMAND...     COMMAND: the image's ENTRYPOINT

Its settings are in docker/smoke-test.env, its requests in docker/smoke-test.txt.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

DOCKER = Path("/docker")  # where the Dockerfile mounts the team's files
OUTPUT = Path("/tmp/service.log")  # noqa: S108  the one place where the user may write
START_TIMEOUT = 60
STOP_TIMEOUT = 30  # more than in production: builders are busy, or emulate a processor

HELP = (
    "A setting that it needs goes to docker/smoke-test.env. The package of a library or program"
    " that it lacks goes to docker/packages.txt. Only /tmp can be written to. If it cannot start"
    " without something from outside, such as a database, write the line skip REASON to"
    " docker/smoke-test.txt"
)

Service = subprocess.Popen[bytes]


class Request(NamedTuple):
    """One line of docker/smoke-test.txt."""

    path: str
    status: int
    text: str


def main(command: list[str]) -> None:
    """Start, ask, stop; exit with a sentence at the first thing that is wrong."""
    requests = [parse(line) for line in lines("smoke-test.txt")]
    settings = dict(line.split("=", 1) for line in lines("smoke-test.env") if "=" in line)
    environment = {"PORT": "8080"} | os.environ | settings
    port = int(environment["PORT"])

    with OUTPUT.open("wb") as output:
        # Nothing but the command that the smoke test was given, which is the ENTRYPOINT.
        service = subprocess.Popen(command, env=environment, stdout=output, stderr=output)  # noqa: S603
    await_health(service, port)
    for request in requests:
        check(service, port, request)
    check_memory(service)
    check_signal(service)

    service.terminate()
    try:
        code = service.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        fail(service, f"the service is still running {STOP_TIMEOUT} s after SIGTERM")
    # A server that sends the signal to itself once it has drained ends with 0 as PID 1 of a
    # container, which it is not here.
    if code not in (0, -signal.SIGTERM):
        fail(service, f"the service ended with exit code {code} on SIGTERM")
    print(f"smoke-test: healthy, {len(requests)} requests answered as expected, a clean exit")


def lines(name: str) -> list[str]:
    """Return the lines of a file of the team, without comments."""
    file = DOCKER / name
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    found = [line.strip() for line in text.splitlines()]
    return [line for line in found if line and not line.startswith("#")]


def parse(line: str) -> Request:
    """Return the request that `line` describes; a line "skip REASON" ends the smoke test."""
    first, _, rest = line.partition(" ")
    if first == "skip":
        print(
            f"smoke-test: skipped: {rest}. So it is not proven that the service starts in its"
            " image.",
            file=sys.stderr,
        )
        sys.exit()
    status, _, text = rest.strip().partition(" ")
    if not (first.startswith("/") and status.isdecimal()):
        sys.exit(
            f"smoke-test: {line!r} is neither PATH STATUS [TEXT] nor skip REASON."
            " Edit docker/smoke-test.txt."
        )
    return Request(first, int(status), text.strip())


def await_health(service: Service, port: int) -> None:
    """Return as soon as GET /healthz is answered with 200."""
    last = "nothing is listening"
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        try:
            status, _ = get(port, "/healthz")
        except (OSError, http.client.HTTPException) as error:
            last = str(error)
        else:
            if status == http.HTTPStatus.OK:
                check_address(service, port)
                return
            last = f"the last answer was {status}"
        if (code := service.poll()) is not None:
            fail(
                service,
                f"the service ended with exit code {code} at its start. {HELP}",
            )
        time.sleep(0.02)
    fail(
        service,
        f"GET /healthz was not answered with 200 on port {port} within {START_TIMEOUT} s ({last})."
        f"{elsewhere(port)} It has to listen on PORT. {HELP}",
    )


def elsewhere(port: int) -> str:
    """Say on which ports something listens, if none is `port`; the network is this build step's."""
    tables = (Path(f"/proc/net/{name}") for name in ("tcp", "tcp6"))
    text = "".join(table.read_text(encoding="ascii") for table in tables if table.exists())
    listening = re.findall(r"^\s*\d+: \w+:(\w+) \S+ 0A ", text, re.MULTILINE)
    ports = [int(digits, 16) for digits in listening]
    if not ports or port in ports:
        return ""
    return f" It listens on {', '.join(map(str, ports))} instead."


def check_address(service: Service, port: int) -> None:
    """Fail if the service listens on localhost only: nobody outside of its container reaches it."""
    try:
        # Another address of the loopback interface.
        socket.create_connection(("127.0.0.2", port), timeout=5).close()
    except OSError:
        fail(
            service,
            "the service listens on localhost, where nobody outside of its container reaches it."
            ' Let it listen on every address: host="0.0.0.0"',
        )


def check(service: Service, port: int, request: Request) -> None:
    """Ask; fail unless it is answered as expected."""
    try:
        status, body = get(port, request.path)
    except (OSError, http.client.HTTPException) as error:
        fail(service, f"GET {request.path} was not answered: {error}")
    text = body.decode(errors="replace")
    if status != request.status or request.text not in text:
        expected = f"{request.status} {request.text}".strip()
        fail(
            service,
            f"GET {request.path} was answered with {status} {text[:200]!r}, not {expected}."
            " If the answer is right, edit docker/smoke-test.txt",
        )


def get(port: int, path: str) -> tuple[int, bytes]:
    """Return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def check_memory(service: Service) -> None:
    """Fail if the service and its children hold more memory than production gives them."""
    allowed = next((line for line in lines("limits.env") if line.startswith("MEMORY_MB=")), "")
    megabytes = sum(map(anonymous_memory, family(service.pid))) / 1024
    limit = allowed.partition("=")[2].split("#")[0].strip()
    if limit and megabytes > int(limit):
        fail(
            service,
            f"the service holds {megabytes:.0f} MB of memory, and its container gets {limit}."
            " Raise MEMORY_MB in docker/limits.env, and the limits in deploy/",
        )


def check_signal(service: Service) -> None:
    """Fail if SIGTERM is left to its default, which ends the service here, and not as PID 1."""
    status = Path(f"/proc/{service.pid}/status").read_text(encoding="utf-8")
    masks = re.findall(r"^Sig(?:Cgt|Blk):\s*(\w+)", status, re.MULTILINE)
    if not any(int(mask, 16) >> signal.SIGTERM - 1 & 1 for mask in masks):
        fail(
            service,
            "the service does not handle SIGTERM. The kernel keeps that signal from PID 1, so the"
            " container would be killed in the middle of requests. Handle it before the server"
            " starts: signal.signal(signal.SIGTERM, lambda *_: sys.exit())",
        )


def family(pid: int) -> list[int]:
    """Return the process and all that descend from it."""
    children = [
        int(child)
        for file in Path(f"/proc/{pid}/task").glob("*/children")
        for child in file.read_text(encoding="ascii").split()
    ]
    return [pid, *(each for child in children for each in family(child))]


def anonymous_memory(pid: int) -> int:
    """Return the kB that the kernel cannot take back from a process."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has ended meanwhile
    fields = (line.split() for line in status.splitlines())
    return sum(int(field[1]) for field in fields if field[0] in ("RssAnon:", "RssShmem:"))


def fail(service: Service, why: str) -> NoReturn:
    """Print what the service said, then why the build fails."""
    service.kill()
    service.wait()
    sys.stderr.write(OUTPUT.read_text(encoding="utf-8", errors="replace")[-20_000:])
    sys.exit(f"smoke-test: {why}.")


if __name__ == "__main__":
    main(sys.argv[1:])
