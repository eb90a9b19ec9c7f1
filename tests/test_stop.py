"""A stop loses no request, whenever it comes and whichever signal asks for it."""

from __future__ import annotations

import json
import threading
import time

import pytest
from support.client import request
from support.engine import wait_for
from support.services import COMBINATIONS, DIAGONAL, ONE_BASE

# Three runs in each language, one of them without an init: then the service is PID 1, as it is in Kubernetes.
RUNS = [
    pytest.param(combination, options, id="-".join([*combination, *options]))
    for combination in COMBINATIONS
    for options in ([[], [], ["--init=false"]] if combination in DIAGONAL else [[]])
]

CLIENTS = [
    {"path": "/", "count": 32},
    {"path": "/slow?ms=300", "count": 32},
    {"path": "/readyz", "count": 2},
    {"path": "/slow?ms=50", "count": 4, "batch": 3},
    {"path": "/slow?ms=100", "count": 4, "half_closed": True},
]


@pytest.mark.parametrize(("combination", "options"), RUNS, indirect=["combination"])
def test_loses_no_request_under_load(probe, start, options):
    service, build = probe
    container = start(service, build.image, *options)
    with container.clients("load", clients=CLIENTS) as clients:
        time.sleep(0.5)
        assert container.stop() == 0, container.logs()
        report = clients.report()
    assert report["lost"] == []
    # Nothing but readiness may say that it is stopping.
    assert {answer for answer in report["answers"] if not answer.endswith(" 200")} <= {"/readyz 503"}


@ONE_BASE
def test_readiness_ends_with_the_drain_and_health_does_not(probe, start):
    """Asked on connections that are open, and whose requests are not complete when the drain begins."""
    service, build = probe
    container = start(service, build.image)
    with container.connect() as ready, container.connect() as healthy:
        for connection, path in [(ready, "/readyz"), (healthy, "/healthz")]:
            assert connection.ask(path).status == 200
            connection.send(request(path)[:-2])
        container.signal("TERM")
        wait_for(lambda: '"draining"' in container.stdout(), 10, container.logs)
        for connection, status in [(ready, 503), (healthy, 200)]:
            connection.send(b"\r\n")
            answer = connection.answer()
            assert (answer.status, answer.is_last) == (status, True)


class InFlight:
    """A request to `path` that is being answered."""

    def __init__(self, container, path: str) -> None:
        """Send it."""
        self.connection = container.connect()
        self.thread = threading.Thread(target=self._ask, args=[path])
        self.thread.start()
        time.sleep(0.5)

    def _ask(self, path: str) -> None:
        self.result = self.connection.ask(path)

    def answer(self):
        """Wait for its answer."""
        self.thread.join()
        self.connection.socket.close()
        return self.result


@ONE_BASE
@pytest.mark.parametrize("signals", [["TERM"], ["INT"], ["HUP"], ["TERM", "TERM", "INT", "HUP"]], ids="-".join)
def test_every_signal_that_stops_lets_it_finish_what_is_in_flight(probe, start, signals):
    service, build = probe
    container = start(service, build.image)
    slow = InFlight(container, "/slow?ms=2500")
    for signal in signals:
        container.signal(signal)
        time.sleep(0.2)
    answer = slow.answer()
    assert (answer.status, answer.json, answer.is_last) == (200, {"slept": 2500}, True)
    wait_for(lambda: not container.state["Running"], 10, container.logs)
    assert container.state["ExitCode"] == 0
    messages = [json.loads(line)["msg"] for line in container.stdout().splitlines()]
    assert messages.count("draining") == 1


@ONE_BASE
def test_sigquit_prints_the_stacks_and_nothing_else_changes(probe, start):
    service, build = probe
    container = start(service, build.image)
    slow = InFlight(container, "/slow?ms=1500")
    container.signal("QUIT")
    assert slow.answer().json == {"slept": 1500}
    assert container.get("/").status_code == 200
    assert container.state["Running"]
    assert len(container.stderr().splitlines()) > 3
    for line in container.stdout().splitlines():
        json.loads(line)


@ONE_BASE
@pytest.mark.parametrize("after", [0, 0.05, 0.1], ids="{}s".format)
def test_a_stop_right_after_the_start_is_not_ignored(service, image, after):
    """With an init process; without one, the kernel ignores a signal to PID 1 that has no handler yet."""
    container = service.run(image)
    time.sleep(after)
    try:
        # 143 where the handlers did not exist yet; 137 would tell of ten seconds of waiting and SIGKILL.
        assert container.stop() in {0, 143}, container.logs()
    finally:
        container.remove()


@ONE_BASE
def test_a_stream_without_an_end_does_not_hold_up_the_stop(handlers, start):
    service, build = handlers
    container = start(service, build.image)
    with container.connect() as connection:
        connection.send(b"GET /events HTTP/1.1\r\nHost: test\r\n\r\n")
        while not connection.line().startswith(b"data:"):
            pass
        # It is cut off after 8 s. Two more are enough to exit, but not on a machine that is busy with other tests.
        assert container.stop(20) == 0
