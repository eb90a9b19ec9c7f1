"""Put every language under load and restart it behind a proxy.

    python3 run.py python benchmarks/load.py                all languages; writes docs/load.md
    python3 run.py python benchmarks/load.py go node        some of them; prints the table, writes nothing

Everything is on one machine and shares its processors: wrk, HAProxy, the clients and the service. The proxy and the
tools are Debian's packages. All talk over the loopback interface of one network namespace, the proxy's.

What a column holds:
    requests/s, p50, p99   of GET / on 64 kept-alive connections, without the proxy; ms
    peak memory            MB while that lasts, as `docker stats` tells it: what a limit counts
    restarts               ten times: a new replica, the old one out of the proxy's rotation, SIGTERM to it at once
    answered, failed       requests of 64 kept-alive clients of the proxy meanwhile, which retries nothing; failed is
                           what got no complete answer, or one other than 200; which ones, stderr says
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from measure import CONNECTIONS, conditions, load, make, rate, write_page
from support import engine
from support.engine import Container, docker, wait_for
from support.services import LANGUAGES, Service, host_roots

BASE = "distroless"
SECONDS = 10  # of load
RESTARTS = 10
REPLICAS = 2
FRONT = 8000  # the proxy's port; the replicas have the next ones
COLUMNS = [
    *("requests/s", "p50 ms", "p99 ms", "peak memory MB"),
    *("restarts", "answered", "failed"),
]

TOOLS = """
FROM debian:trixie-slim
RUN apt-get update -qq && apt-get install -qq --no-install-recommends haproxy socat wrk
"""

# A replica gets requests from its first successful check on, and none once it is told to drain. As in Kubernetes, a
# probe has two seconds, and one that fails is no reason to give a replica up.
PROXY = f"""
global
    stats socket /run/haproxy.sock level admin
defaults
    mode http
    retries 0
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:{FRONT}
    default_backend replicas
backend replicas
    balance roundrobin
    option httpchk GET /readyz
    timeout check 2s
    default-server check inter 100ms fall 3 rise 1
""" + "".join(f"    server {port} 127.0.0.1:{port}\n" for port in range(FRONT + 1, FRONT + 2 + REPLICAS + RESTARTS))


@dataclass(frozen=True)
class Pod:
    """A network namespace with a proxy in it, and what starts in it."""

    proxy: Container
    service: Service
    image: engine.Image

    def ask_proxy(self, command: str) -> str:
        """Give the proxy a command of its own."""
        return docker("exec", self.proxy.id, "sh", "-c", f"echo '{command}' | socat - /run/haproxy.sock")

    def has(self, port: int) -> bool:
        """Say whether the proxy sends requests to the replica."""
        return any(
            line.startswith(f"replicas,{port},") and line.split(",")[17] == "UP"
            for line in self.ask_proxy("show stat").splitlines()
        )

    def start(self, port: int) -> Container:
        """Start a replica and return once it is in rotation."""
        options = [*engine.HARDENED, f"--tmpfs={self.service.record['tmpfs']}", f"--memory={self.service.memory}m"]
        where = [f"--network=container:{self.proxy.id}", f"--env=PORT={port}"]
        replica = Container(docker("run", "--detach", *options, *where, self.image.tag).strip(), port)
        wait_for(lambda: self.has(port), 60, replica.logs)
        return replica

    def load(self, replica: Container) -> list[str]:
        """Return requests per second, p50, p99 and the peak of memory of one replica under load."""
        url = f"http://127.0.0.1:{replica.port}/"
        tools = ["docker", "exec", self.proxy.id]
        load(tools, url, 5)  # compiles what is hot
        peaks = [replica.memory]
        with ThreadPoolExecutor() as pool:
            told = pool.submit(load, tools, url, SECONDS)
            while not told.done():
                peaks.append(replica.memory)
        output = told.result()
        latencies = [milliseconds(re.search(rf"{percent}% +(\S+)", output)[1]) for percent in (50, 99)]
        return [f"{rate(output):.0f}", *(f"{latency:.1f}" for latency in latencies), f"{max(peaks) / 1e6:.0f}"]

    def restarts(self) -> list[str]:
        """Return how often replicas were replaced, and how many requests were answered and failed meanwhile."""
        ports = iter(range(FRONT + 2, FRONT + 2 + REPLICAS + RESTARTS))
        replicas = [self.start(next(ports)) for _ in range(REPLICAS)]
        with self.proxy.clients("load", clients=[{"path": "/", "count": CONNECTIONS, "pause": 0.02}]) as clients:
            for _ in range(RESTARTS):
                replicas.append(self.start(next(ports)))
                old = replicas.pop(0)
                self.ask_proxy(f"set server replicas/{old.port} state drain")
                if old.stop():
                    raise engine.EngineError(old.logs())
                old.remove()
            clients.stop()
            report = clients.report()
        for replica in replicas:
            replica.remove()
        answered = report["answers"].pop("/ 200")
        failures = Counter(report["answers"]) + Counter(report["lost"])
        for failure, count in failures.items():
            print(f"{self.service.language}: {count} times {failure}", file=sys.stderr)
        return [str(RESTARTS), str(answered), str(failures.total())]


def milliseconds(latency: str) -> float:
    """Return ms for what wrk prints, for example 1.25ms or 870.00us."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", latency).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def measure(service: Service, tools: engine.Image) -> list[str]:
    """Return the row of one service."""
    image = service.build(ca=host_roots()).image
    command = ["sh", "-c", f"echo '{PROXY}' > /run/haproxy.cfg && exec haproxy -f /run/haproxy.cfg"]
    proxy = Container(docker("run", "--detach", "--init", tools.tag, *command).strip(), FRONT)
    try:
        pod = Pod(proxy, service, image)
        replica = pod.start(FRONT + 1)
        row = pod.load(replica)
        replica.remove()
        return [service.language, *row, *pod.restarts()]
    finally:
        proxy.remove()


def main(wanted: list[str]) -> None:
    """Print the table; with all languages, write it to docs."""
    table = [f"| language | {' | '.join(COLUMNS)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    print("\n".join(table))
    stand_ins = engine.stand_ins(TOOLS)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text(TOOLS)
        tools = engine.build(Path(folder), "slim-templates-load").image
        for language in wanted or LANGUAGES:
            path = make(Path(folder, language), f"language={language}", f"runtime_base={BASE}")
            service = Service(path, language, BASE)
            stand_ins |= engine.stand_ins(service.read("Dockerfile"))
            table.append(f"| {' | '.join(measure(service, tools))} |")
            print(table[-1], flush=True)
    note = conditions(stand_ins)
    print(f"\n{note}")
    if not wanted:
        write_page("load", table="\n".join(table), note=note)


if __name__ == "__main__":
    main(sys.argv[1:])
