"""The log: one line a request, in one shape, whatever clients send."""

from __future__ import annotations

import json

import pytest
from support.client import request
from support.engine import wait_for
from support.malformed import MALFORMED
from support.services import ONE_BASE

pytestmark = ONE_BASE

FIELDS = {"time", "level", "msg", "method", "path", "status", "duration_ms"}
LINE = 8 << 10  # bytes


@pytest.fixture
def log(handling):
    """Return a function that gives the lines about requests that came since the test began, once `count` are there."""
    begin = len(handling.stdout())

    def log(count: int = 1) -> list[dict]:
        # A sentinel at the end: what was asked before it is logged by then, or is never.
        handling.get("/sentinel")
        wait_for(lambda: '"/sentinel"' in handling.stdout()[begin:], 10, handling.logs)
        lines = handling.stdout()[begin:].splitlines()
        assert all(len(line.encode()) <= LINE for line in lines)
        assert all(char >= " " for line in lines for char in line)
        found = [line for line in map(json.loads, lines) if line["msg"] == "request" and line["path"] != "/sentinel"]
        assert len(found) == count, lines
        return found

    return log


def test_probes_are_silent(handling, log):
    with handling.connect() as connection:
        for path in ("/healthz", "/readyz", "/healthz?verbose"):
            for method in ("GET", "HEAD"):
                assert connection.ask(path, method=method).status == 200
    log(0)


def test_a_probe_that_is_refused_is_logged(handling, log):
    assert handling.ask("POST", "/healthz").status_code == 405
    (line,) = log()
    assert (line["method"], line["path"], line["status"]) == ("POST", "/healthz", 405)


@pytest.mark.parametrize("target", ["/caf%C3%A9%20%41", "/%ff%fe", "/%0a%1b%5b31m", "/a%2Fb"])
def test_the_path_is_as_it_was_sent_without_the_query(handling, log, target):
    with handling.connect() as connection:
        assert connection.ask(f"{target}?token=secret").status == 404
    (line,) = log()
    assert line.keys() == FIELDS
    assert (line["level"], line["method"], line["path"], line["status"]) == ("INFO", "GET", target, 404)
    assert "secret" not in handling.stdout()


def test_a_long_path_is_cut_and_says_so(handling, log):
    with handling.connect() as connection:
        assert connection.ask(f"/{'a' * 9_999}?query").status == 404
    (line,) = log()
    assert line.keys() == {*FIELDS, "path_length"}
    assert (line["path"], line["path_length"]) == (f"/{'a' * 1023}", 10_000)


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_logged_in_the_same_shape(handling, log, name):
    with handling.connect() as connection:
        connection.send(MALFORMED[name].encode("latin-1") + request("/smuggled"))
        assert connection.answer().status == 400
        assert connection.ends()
    (line,) = log()
    assert line.keys() == FIELDS
    assert (line["level"], line["status"]) == ("INFO", 400)
    assert isinstance(line["method"], str)
    assert isinstance(line["path"], str)


def test_invalid_utf_8_still_gives_a_line_of_json(handling, log):
    with handling.connect() as connection:
        connection.send(b"GET /\xff\xfe\xe9 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        assert connection.answer().status in {400, 404}
    (line,) = log()
    assert line.keys() == FIELDS


def test_larger_headers_and_bodies_are_logged(handling, log):
    with handling.connect() as connection:
        assert connection.ask("/", f"Name: {'a' * 40_000}").status == 431
    with handling.connect() as connection:
        assert connection.ask("/body", method="POST", body=b"a" * (2 << 20)).status == 413
    assert sorted(line["status"] for line in log(2)) == [413, 431]


def test_no_client_makes_it_print_a_trace(handling, log):
    """Neither by what it sends, nor by leaving in the middle."""
    for data in [*MALFORMED.values(), "GET / HT", "POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhalf"]:
        with handling.connect() as connection:
            connection.send(data.encode("latin-1"))
    with handling.connect() as connection:
        connection.send(request("/stream?mib=32"))
        connection.receive()
    with handling.connect() as connection:
        connection.send(request("/slow?ms=200"))
    handling.get("/slow?ms=400")
    assert handling.stderr() == ""
    printed = [json.loads(line) for line in handling.stdout().splitlines()]
    errors = [line for line in printed if line["level"] == "ERROR" and "swordfish" not in line["error"]]
    assert errors == []


def test_a_long_trace_is_cut(handling):
    begin = len(handling.stdout())
    assert handling.get("/fail?length=100000").status_code == 500
    wait_for(lambda: '"request"' in handling.stdout()[begin:], 10, handling.logs)
    lines = handling.stdout()[begin:].splitlines()
    assert all(len(line.encode()) <= LINE for line in lines)
    (failure,) = [line for line in map(json.loads, lines) if line["level"] == "ERROR"]
    assert failure["error"].startswith("") and "…[cut]" in failure["error"]
