"""Slow clients, greedy clients and many clients: the service cuts them off, answers the others and keeps its memory."""

from __future__ import annotations

import time

import pytest
import yaml
from support.engine import wait_for
from support.services import ONE_BASE

pytestmark = ONE_BASE

PATIENCE = 30  # s that a client has for the header and for the body

HEADER = "GET / HTTP/1.1\r\nHost: test\r\n"
BODY = "POST /body HTTP/1.1\r\nHost: test\r\n"
UNREAD = "POST /nothing HTTP/1.1\r\nHost: test\r\n"


def is_alive(container) -> bool:
    """Say whether it runs, was never killed for its memory, and answers."""
    state = container.state
    return state["Running"] and not state["OOMKilled"] and container.get("/").status_code == 200


SLOW = {
    "nothing of a header": {"send": "G"},
    "half a header": {"send": HEADER},
    "a dripped header": {"send": HEADER + "X: ", "drip": "x"},
    "a dripped request line": {"send": "GET /", "drip": "x"},
    "half a body": {"send": BODY + "Content-Length: 1000\r\n\r\nhalf"},
    "a dripped body": {"send": BODY + "Content-Length: 1000\r\n\r\n", "drip": "x"},
    "half a chunk": {"send": BODY + "Transfer-Encoding: chunked\r\n\r\n100\r\nhalf"},
    "dripped chunks": {"send": BODY + "Transfer-Encoding: chunked\r\n\r\n", "drip": "1\r\nx\r\n"},
    "dripped trailers": {"send": BODY + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "drip": "x: y\r\n"},
    "a body that nobody reads": {"send": UNREAD + "Content-Length: 999\r\n\r\n", "drip": "x"},
    "a second request": {"send": f"{HEADER}\r\n{HEADER}X: ", "drip": "x"},
}


@pytest.fixture(scope="module", autouse=True)
def patient(handlers, service, image):
    """Checks that take half a minute and little CPU: they start with the first test, the last ones read the results.

    A service and its slow clients; and the start of another with a twentieth of a processor.
    """
    edited, build = handlers
    slow, starting = edited.run(build.image), service.run(image, "--cpus=0.05")
    try:
        slow.wait_until_it_answers()
        with slow.clients("slow", clients=SLOW, patience=PATIENCE + 10) as crowd:
            yield slow, crowd, starting, time.monotonic()
    finally:
        slow.remove()
        starting.remove()


FLOODS = {
    "large headers": {"count": 300, "send": f"{HEADER}X: ", "fill": 1 << 20},
    "large bodies": {"count": 300, "send": f"{BODY}Content-Length: 1048576\r\n\r\n", "fill": 1 << 20},
    "idle connections": {"count": 2000, "send": "", "hold": 2},
    "half requests": {"count": 4000, "send": HEADER, "hold": 2},
    "half bodies": {"count": 2000, "send": f"{BODY}Content-Length: 1048576\r\n\r\n", "fill": 1000, "hold": 2},
    "answers that nobody reads": {"count": 200, "send": "GET /stream?mib=64 HTTP/1.1\r\nHost: test\r\n\r\n", "hold": 2},
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_kills_nothing_and_others_are_answered_meanwhile(handling, name):
    with handling.clients("flood", **FLOODS[name]) as crowd:
        report = crowd.report()
    # More than it can take is refused with the time to come again; health is never refused.
    assert set(report["others"]) <= {"/healthz 200", "/ 200", "/ 503 1"}
    assert report["others"]["/healthz 200"] == 20
    wait_for(lambda: is_alive(handling), 10, handling.logs)
    assert handling.stderr() == ""


def test_a_web_socket_outlives_a_crowd_of_idle_connections(handling):
    with handling.connect() as connection:
        connection.upgrade("/socket")
        with handling.clients("flood", count=1500, send="") as crowd:
            crowd.report()
        assert connection.echo(b"still there") == b"still there"


def test_more_requests_than_it_takes_get_503_and_health_is_answered(handling):
    """1,000 that take 4 s each: no language takes so many at a time."""
    with handling.clients("flood", count=1000, send="GET /slow?ms=4000 HTTP/1.1\r\nHost: test\r\n\r\n") as crowd:
        others = crowd.report()["others"]
    assert others.keys() <= {"/healthz 200", "/ 200", "/ 503 1"}
    assert others["/healthz 200"] == 20
    assert others["/ 503 1"] > 0
    wait_for(lambda: is_alive(handling), 20, handling.logs)


def test_memory_follows_the_limit_that_the_container_gets(handlers, start):
    """Half of the default, and 64 clients that fill and free it."""
    service, build = handlers
    container = start(service, build.image, f"--memory={service.memory // 2}m")
    with container.clients("load", clients=[{"path": "/fill?kib=128", "count": 64, "rounds": 30}]) as crowd:
        report = crowd.report()
    assert report["lost"] == []
    assert set(report["answers"]) <= {"/fill?kib=128 200", "/fill?kib=128 503"}
    assert report["answers"]["/fill?kib=128 200"] >= 1000
    assert is_alive(container)


def test_a_start_with_hardly_any_cpu_is_waited_for(service, patient):
    """As long as the startup probe of deploy/deployment.yaml has patience."""
    _, _, starting, begin = patient
    manifests = yaml.safe_load_all(service.read("deploy/deployment.yaml"))
    (deployment,) = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
    probe = deployment["spec"]["template"]["spec"]["containers"][0]["startupProbe"]
    patience = probe.get("initialDelaySeconds", 0) + probe["failureThreshold"] * probe.get("periodSeconds", 10)
    wait_for(starting._answers, patience - (time.monotonic() - begin), starting.logs)


def test_slow_clients_are_cut_off_whatever_they_drip(patient):
    slow, crowd, _, _ = patient
    seen = crowd.report()
    late = {name: answer for name, answer in seen.items() if not answer or answer["seconds"] > PATIENCE + 2}
    assert not late
    # Some end the connection without a word; a status is that of an error, or of the answer that did not need the rest.
    assert {answer["status"] for answer in seen.values()} <= {"", "400", "408", "200", "404"}, seen
    assert is_alive(slow)
