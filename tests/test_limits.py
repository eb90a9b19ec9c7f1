"""Slow clients, greedy clients and many clients: the service cuts them off, answers the others and keeps its memory."""

from __future__ import annotations

import pytest
import yaml
from support.engine import wait_for
from support.services import DIAGONAL

pytestmark = pytest.mark.parametrize("combination", DIAGONAL, ids="-".join, indirect=True)

PATIENCE = 30  # s that a client has for the header and for the body

HEADER = "GET / HTTP/1.1\r\nHost: test\r\n"
BODY = "POST /body HTTP/1.1\r\nHost: test\r\n"
UNREAD = "POST /nothing HTTP/1.1\r\nHost: test\r\n"


def is_alive(container) -> bool:
    """Say whether it runs, was never killed for its memory, and answers."""
    state = container.state
    return state["Running"] and not state["OOMKilled"] and container.get("/").status_code == 200


def test_slow_clients_are_cut_off_whatever_they_drip(handling):
    clients = {
        "nothing of a header": {"send": "G"},
        "half a header": {"send": HEADER},
        "a dripped header": {"send": HEADER + "X: ", "drip": "x"},
        "a dripped request line": {"send": "GET /", "drip": "x"},
        "half a body": {"send": BODY + "Content-Length: 1000\r\n\r\nhalf"},
        "a dripped body": {"send": BODY + "Content-Length: 1000\r\n\r\n", "drip": "x"},
        "half a chunk": {"send": BODY + "Transfer-Encoding: chunked\r\n\r\n100\r\nhalf"},
        "dripped chunks": {"send": BODY + "Transfer-Encoding: chunked\r\n\r\n", "drip": "1\r\nx\r\n"},
        "a body that nobody reads": {
            "send": UNREAD + "Content-Length: 999\r\n\r\n",
            "drip": "x",
        },
        "a second request": {"send": f"{HEADER}\r\n{HEADER}X: ", "drip": "x"},
    }
    with handling.clients("slow", clients=clients, patience=PATIENCE + 10) as crowd:
        seen = crowd.report()
    late = {name: answer for name, answer in seen.items() if not answer or answer["seconds"] > PATIENCE + 2}
    assert not late
    # Some end the connection without a word; a status is that of an error, or of the answer that did not need the rest.
    assert {answer["status"] for answer in seen.values()} <= {"", "400", "408", "200", "404"}, seen
    assert is_alive(handling)


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


def test_a_start_with_hardly_any_cpu_is_waited_for(service, image):
    """As long as the startup probe of deploy/deployment.yaml has patience."""
    manifests = yaml.safe_load_all(service.read("deploy/deployment.yaml"))
    (deployment,) = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
    probe = deployment["spec"]["template"]["spec"]["containers"][0]["startupProbe"]
    patience = probe.get("initialDelaySeconds", 0) + probe["failureThreshold"] * probe.get("periodSeconds", 10)
    container = service.run(image, "--cpus=0.05")
    try:
        wait_for(container._answers, patience, container.logs)
    finally:
        container.remove()
