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
# A service that is not expected to start is watched until it does nothing for a while.
IDLE_TIMEOUT = 3
WATCH_TIMEOUT = 30
STOP_TIMEOUT = 30  # more than in production: builders are busy, or emulate a processor

HELP = (
    "A setting that it needs goes to docker/smoke-test.env. The package of a library or program"
    " that it lacks goes to docker/packages.txt. A file that .dockerignore names is not in the"
    " image: the line !PATH at its end lets it in. Only /tmp can be written to. If it cannot start"
    " without something from outside, such as a database, write the line skip REASON to"
    " docker/smoke-test.txt"
)
MODULE_HELP = (
    "if that is a dependency, name its package in pyproject.toml (uv add --frozen PACKAGE) and type"
    " sh docker/tools/lock.sh. Modules of the project are found from the project's folder, and in"
    " src/ once pyproject.toml has a [build-system]"
)

# What an error says, in the words of Python and of the loader: the image is at fault, whatever is
# missing outside of it; or something outside does not answer.
FAULT = re.compile(
    r"""
    (?P<image>
        ^(?:[ ]+\|[ ])?(?:ModuleNotFoundError|ImportError)\b | No\ module\ named\ '
        | \[Errno\ 30\] | \[Errno\ 13\]\ Permission\ denied:\ '
        | cannot\ open\ shared\ object\ file | undefined\ symbol:
        | Error\ (?:loading\ shared\ library|relocating)
        | in\ _execute_child\n(?:[ |].*\n)*  # a program that is not there
    ) | (?P<outside>
        \[Errno\ (?:-\d+|101|104|110|111|113)\] | [Cc]onnection\ (?:refused|reset|timed\ out)
        | Name\ (?:or\ service\ not\ known|does\ not\ resolve) | in\ name\ resolution | unreachable
    )
    """,
    re.MULTILINE | re.VERBOSE,
)
CRASHES = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGTRAP", "SIGABRT", "SIGFPE", "SIGSYS"}
TRACEBACK = "Traceback (most recent call last):"
LEADS_TO = ("another exception occurred:", "direct cause of the following exception:")

Service = subprocess.Popen[bytes]


class Request(NamedTuple):
    """One line of docker/smoke-test.txt."""

    path: str
    status: int
    text: str


def main(command: list[str]) -> None:
    """Start, ask, stop; exit with a sentence at the first thing that is wrong."""
    listed = lines("smoke-test.txt")
    skipped = next((line[5:].strip(" .") for line in listed if re.match(r"skip\s", line)), "")
    requests = [] if skipped else [parse(line) for line in listed]
    settings = dict(line.split("=", 1) for line in lines("smoke-test.env") if "=" in line)
    # Every container has HOSTNAME, and this build step does not.
    environment = {"PORT": "8080", "HOSTNAME": socket.gethostname()} | os.environ | settings
    port = int(environment["PORT"])

    with OUTPUT.open("wb") as output:
        # Nothing but the command that the smoke test was given, which is the ENTRYPOINT.
        service = subprocess.Popen(command, env=environment, stdout=output, stderr=output)  # noqa: S603
    if skipped:
        end = watch(service, port, skipped)
        print(
            f"smoke-test: skipped: {skipped}. So it is not proven that the service starts in its"
            f" image. Without what it needs, it {end}",
            file=sys.stderr,
        )
        sys.exit()
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
    """Return the request that `line` describes."""
    first, _, rest = line.partition(" ")
    status, _, text = rest.strip().partition(" ")
    if not (first.startswith("/") and status.isdecimal()):
        sys.exit(
            f"smoke-test: {line!r} is neither PATH STATUS [TEXT] nor skip REASON."
            " Edit docker/smoke-test.txt."
        )
    return Request(first, int(status), text.strip())


def await_health(service: Service, port: int) -> None:
    """Return as soon as GET /healthz is answered with 200."""
    last, status = "nothing is listening", 0
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        try:
            status, _ = get(port, "/healthz")
        except (OSError, http.client.HTTPException) as error:
            last, status = str(error), 0
        else:
            if status == http.HTTPStatus.OK:
                check_address(service, port)
                return
        if (code := service.poll()) is not None:
            fail(
                service,
                f"the service ended with exit code {code} at its start. {missing_module() or HELP}",
            )
        time.sleep(0.02)
    check_address(service, port)
    if status:
        fail(
            service,
            f"GET /healthz was answered with {status} for {START_TIMEOUT} s. Let the service answer"
            " it with 200: by plain HTTP, without an account, and to whatever host name",
        )
    fail(
        service,
        f"GET /healthz was not answered with 200 on port {port} within {START_TIMEOUT} s ({last})."
        f"{elsewhere(port)} It has to listen on PORT. {HELP}",
    )


def missing_module() -> str:
    """Say what to do if the last exception in the log is about a module that is not there."""
    said = OUTPUT.read_text(encoding="utf-8", errors="replace")
    raised = re.findall(r"^(?:[\w.]+(?:Error|Exception)|\S*/python\S*): .*", said, re.MULTILINE)
    name = re.search(r": (No module named [\w.']+)", raised[-1]) if raised else None
    return f"{name[1]}: {MODULE_HELP}" if name else ""


def elsewhere(port: int) -> str:
    """Say on which ports something listens, if none is `port`; the network is this build step's."""
    tables = (Path(f"/proc/net/{name}") for name in ("tcp", "tcp6"))
    text = "".join(table.read_text(encoding="ascii") for table in tables if table.exists())
    listening = re.findall(r"^\s*\d+: \w+:(\w+) \S+ 0A ", text, re.MULTILINE)
    ports = [int(digits, 16) for digits in listening]
    if not ports or port in ports:
        return ""
    return f" It listens on {', '.join(map(str, ports))} instead."


def watch(service: Service, port: int, reason: str) -> str:
    """Return what became of a service that is not expected to start.

    It may fail for want of what is outside, but not of what the image has to have: that would fail
    in production, too.
    """
    start = busy = time.monotonic()
    used = 0.0
    while time.monotonic() < min(start + WATCH_TIMEOUT, busy + IDLE_TIMEOUT):
        try:
            if get(port, "/healthz", timeout=1)[0] == http.HTTPStatus.OK:
                return "became healthy: the line skip may not be needed."
        except (OSError, http.client.HTTPException):
            pass  # not yet
        try:
            return judge(service, service.wait(0.2), reason)
        except subprocess.TimeoutExpired:
            now = sum(map(processor_time, family(service.pid)))
        if now > used + 0.3:
            used, busy = now, time.monotonic()
    return "did not become healthy."


def judge(service: Service, code: int, reason: str) -> str:
    """Return how a service ended that is not expected to start; fail if its image is at fault."""
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    error, said = last_error(OUTPUT.read_text(encoding="utf-8", errors="replace"))
    found = list(FAULT.finditer(error))
    is_fault = code > 0 and bool(found) and found[-1].lastgroup == "image"
    if is_fault:
        images = [match.end() for match in found if match.lastgroup == "image"]
        faults = [error[error.rfind("\n", 0, at) + 1 :].partition("\n")[0] for at in images]
        said = said if said in faults else faults[-1]
        # A name in the reason (/data, libcuda.so.1) is said to be outside.
        names = re.findall(r"[\w@./-]*[./][\w@./-]*\w", reason)
        is_fault = not any(name in fault for name in names for fault in faults)
    if said := said.strip()[:300]:
        said = f": {said}"
    excuse = f"the service ended with {how}, which the line skip does not excuse{said}"
    if how in CRASHES:
        fail(
            service,
            f"{excuse}. Native code crashes: take a build of the package for this C library and"
            " processor, or another base",
        )
    if is_fault:
        fail(
            service,
            f"{excuse}. A module that it imports is named in the dependencies of pyproject.toml,"
            " the package of a library or program in docker/packages.txt. Only /tmp can be written"
            " to. What production adds to the image, such as a volume or a driver, is named in the"
            " reason: skip It needs /data",
        )
    return f"ended with {how}{said}"


def last_error(output: str) -> tuple[str, str]:
    """Return the last error that was printed, as text or in JSON, and its most telling line.

    That is the last traceback, with those that led to it; where there is none, the last line.
    """
    output = output.replace("\\n", "\n").rstrip()
    *before, last = output.split(TRACEBACK)
    message = re.findall(r"^(?: +\| )?(\w.*)", last, re.MULTILINE)
    if not before or len(message) > 30:  # noqa: PLR2004  of earlier
        line = output.rpartition("\n")[2]
        return line, line
    chain = last
    while before and before[-1].rstrip(" |\n").endswith(LEADS_TO):
        chain = before.pop() + chain
    return chain, message[0]


def check_address(service: Service, port: int) -> None:
    """Fail if the service listens on localhost only: nobody outside of its container reaches it."""
    on_localhost = is_open("127.0.0.1", port) or is_open("::1", port)
    # Another address of the loopback interface.
    if on_localhost and not is_open("127.0.0.2", port):
        fail(
            service,
            "the service listens on localhost, where nobody outside of its container reaches it."
            ' Let it listen on every address: host="0.0.0.0"',
        )


def is_open(host: str, port: int) -> bool:
    """Say whether a connection is accepted."""
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


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


def get(port: int, path: str, timeout: int = 30) -> tuple[int, bytes]:
    """Return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
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


def processor_time(pid: int) -> float:
    """Return the seconds that a process has had a processor."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has ended meanwhile
    fields = stat.rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
