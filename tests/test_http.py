"""HTTP as the RFCs have it: what is answered, what is refused and how, and what handlers may do."""

from __future__ import annotations

import json

import pytest
from support.client import UPGRADE, request
from support.malformed import MALFORMED
from support.services import ONE_BASE

pytestmark = ONE_BASE

MIB = 1 << 20


@pytest.fixture
def connection(handling):
    """A new connection to the service."""
    with handling.connect() as connection:
        yield connection


def is_error(answer, status: int, phrase: str = "") -> bool:
    """Say whether it has the one shape that errors have."""
    assert answer, "no answer"
    assert answer.status == status, answer
    assert answer.headers["content-type"].startswith("application/json"), answer
    assert list(answer.json) == ["error"], answer
    assert answer.json["error"] == answer.json["error"].lower() != "", answer
    return not phrase or answer.json["error"] == phrase


# ---------------------------------------------------------------------------------------------------------------------
# What is answered
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/nothing", "/slow?ms=1"])
def test_head_is_get_without_a_body(connection, path):
    got = connection.ask(path)
    headed = connection.ask(path, method="HEAD")
    assert headed.status == got.status
    for name in ("content-type", "content-length"):
        assert headed.headers.get(name) == got.headers.get(name)
    assert connection.ask(path).body == got.body  # nothing of a body was left in between


def test_http_1_0_is_answered_and_ends(connection):
    answer = connection.ask("/", version="1.0")
    assert (answer.status, answer.json) == (200, {"message": "Hello from hello-service"})
    assert "transfer-encoding" not in answer.headers
    assert connection.ends()


def test_http_1_0_needs_no_host(connection):
    connection.send(b"GET / HTTP/1.0\r\n\r\n")
    assert connection.answer().status == 200


def test_connection_close_closes(connection):
    answer = connection.ask("/", "Connection: close")
    assert (answer.status, answer.is_last) == (200, True)
    assert connection.ends()


def test_a_connection_is_kept_otherwise(connection):
    assert not any(connection.ask("/").is_last for _ in range(3))


def test_pipelined_requests_are_answered_in_order(connection):
    paths = ["/slow?ms=100", "/", "/healthz"]
    connection.send(b"".join(map(request, paths)))
    answers = [connection.answer().json for _ in paths]
    assert answers == [{"slept": 100}, {"message": "Hello from hello-service"}, {"status": "ok"}]


def test_a_client_that_sends_no_more_gets_its_answer(connection):
    connection.send(request("/slow?ms=300"))
    connection.end()
    assert connection.answer().json == {"slept": 300}
    assert connection.ends()


def test_a_request_in_pieces_is_answered(connection):
    for byte in request("/"):
        connection.send(bytes([byte]))
    assert connection.answer().status == 200


def test_an_absolute_target_is_answered(connection):
    connection.send(b"GET http://test/healthz HTTP/1.1\r\nHost: test\r\n\r\n")
    assert connection.answer().json == {"status": "ok"}


@pytest.mark.parametrize("target", ["http://test", "http://test?a=b", "HTTP://user@test:80/"])
def test_an_absolute_target_without_a_path_is_the_root(connection, target):
    connection.send(f"GET {target} HTTP/1.1\r\nHost: test:80\r\n\r\n".encode())
    answer = connection.answer()
    # Some compare target and Host in all their parts.
    assert is_error(answer, 400) if answer.status == 400 else answer.json == {"message": "Hello from hello-service"}


def test_a_client_may_wait_for_100_continue(connection):
    connection.send(b"POST /body HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert connection.line().startswith(b"HTTP/1.1 100")
    connection.data.clear()
    connection.send(b"hello")
    assert connection.answer().json == {"bytes": 5}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("DELETE", "/"), ("PUT", "/healthz"), ("PATCH", "/readyz"), ("POST", "/slow")]
)
def test_a_wrong_method_is_405_and_those_allowed_are_named(connection, method, path):
    answer = connection.ask(path, method=method, body=b"{}")
    assert is_error(answer, 405, "method not allowed")
    assert {"GET", "HEAD"} <= {name.strip() for name in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/nothing", "/healthz/more", "/%2e%2e%2fetc/passwd"])
def test_an_unknown_path_is_404_whatever_the_method(connection, method, path):
    assert is_error(connection.ask(path, method=method, body=b"{}" if method == "POST" else b""), 404, "not found")


def test_an_unread_body_is_not_taken_for_a_request(connection):
    first = connection.ask("/nothing", method="POST", body=request("/healthz") * 100)
    assert is_error(first, 404)
    if first.is_last:
        assert connection.ends()
    else:
        assert connection.ask("/").json == {"message": "Hello from hello-service"}


def test_a_failing_handler_is_500(connection):
    assert is_error(connection.ask("/fail"), 500, "internal server error")


# ---------------------------------------------------------------------------------------------------------------------
# What is refused: 400, the end of the connection, and nothing of what follows is taken for a request
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_400_and_ends_the_connection(connection, name):
    connection.send(MALFORMED[name].encode("latin-1") + request("/smuggled"))
    answer = connection.answer()
    assert is_error(answer, 400)
    assert answer.is_last
    assert connection.ends()


def test_what_comes_before_it_is_answered(connection):
    connection.send(request("/slow?ms=100") + request("/") + b"nonsense\r\n\r\n")
    assert [connection.answer().status for _ in range(3)] == [200, 200, 400]
    assert connection.ends()


BODY = "POST /body HTTP/1.1\r\nHost: t\r\n"
CHUNKS = f"{BODY}Transfer-Encoding: chunked\r\n"

# RFC 9110 and 9112 leave the status to the server, or the implementation has another reason first.
REFUSED = {
    "HTTP/0.9": ("GET / HTTP/0.9\r\nHost: t\r\n\r\n", {400, 505}),
    "HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 426, 505}),
    "an unknown encoding": (f"{BODY}Transfer-Encoding: rot13\r\n\r\nuryyb", {400, 501}),
    "an encoding more": (f"{BODY}Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", {400, 501}),
    "an encoding after chunks": (f"{BODY}Transfer-Encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n", {400, 501}),
    "chunks in chunks": (f"{BODY}Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", {400, 501}),
    "long trailers": (f"{CHUNKS}\r\n0\r\nName: {'a' * 200_000}\r\n\r\n", {400, 431}),
    "many trailers": (f"{CHUNKS}\r\n0\r\n" + "Name: a\r\n" * 25_000 + "\r\n", {400, 431}),
    "a long extension of a chunk": (f"{CHUNKS}\r\n5;{'a' * 200_000}\r\nhello\r\n0\r\n\r\n", {400, 413, 431}),
    "a long method": (f"{'A' * 40_000} / HTTP/1.1\r\nHost: t\r\n\r\n", {400, 431}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_ends_the_connection(connection, name):
    sent, expected = REFUSED[name]
    connection.send(sent.encode() + request("/smuggled"))
    answer = connection.answer()
    assert is_error(answer, answer.status)
    assert answer.status in expected
    assert connection.ends()


@pytest.mark.parametrize(
    "head",
    [
        "CONNECT test:443 HTTP/1.1\r\nHost: test:443",
        "GET * HTTP/1.1\r\nHost: t",
        "GET / HTTP/1.1\r\nHost: t\r\nExpect: 1",
    ],
)
def test_what_no_handler_is_for_has_the_shape_of_errors(connection, head):
    connection.send(f"{head}\r\n\r\n".encode())
    answer = connection.answer()
    assert (answer.status == 200 and "Expect" in head) or is_error(answer, answer.status)


@pytest.mark.parametrize(
    "path",
    ["//healthz", "/./healthz", "/nothing/../healthz", "/%2e/healthz", "/healthz;a=b", "/healthz/", "/healthz/%2e"],
)
def test_a_path_has_one_way_to_be_written(connection, path):
    """A proxy that protects a path compares strings."""
    answer = connection.ask(path)
    assert answer.status in {307, 400, 404}
    assert answer.headers.get("location", "/healthz") == "/healthz"


# ---------------------------------------------------------------------------------------------------------------------
# Sizes
# ---------------------------------------------------------------------------------------------------------------------


def test_headers_up_to_16_kib_are_taken(connection):
    assert connection.ask("/", f"Name: {'a' * 15_000}").status == 200


@pytest.mark.parametrize(
    "headers",
    [[f"Name: {'a' * 40_000}"], [f"Name-{number}: {'a' * 90}" for number in range(400)]],
    ids=["one", "many"],
)
def test_larger_headers_are_431(connection, headers):
    assert is_error(connection.ask("/", *headers), 431, "request header fields too large")
    assert connection.ends()


def test_a_longer_target_is_refused(connection):
    answer = connection.ask(f"/{'a' * 40_000}")
    assert is_error(answer, 414 if answer and answer.status == 414 else 431)
    assert connection.ends()


def chunked(size: int) -> bytes:
    """Return a body of chunks of 64 KiB, `size` bytes in all."""
    chunk = b"a" * 65536
    whole, rest = divmod(size, len(chunk))
    pieces = [b"10000\r\n" + chunk + b"\r\n"] * whole + [b"%x\r\n%s\r\n" % (rest, chunk[:rest])] * bool(rest)
    return b"".join(pieces) + b"0\r\n\r\n"


def upload(connection, path: str, size: int, in_chunks: bool):
    """Send a body of `size` bytes; return the answer."""
    if in_chunks:
        connection.send(request(path, "Transfer-Encoding: chunked", method="POST") + chunked(size))
        return connection.answer()
    return connection.ask(path, method="POST", body=b"a" * size)


@pytest.mark.parametrize("in_chunks", [False, True], ids=["length", "chunks"])
def test_a_body_up_to_1_mib_is_taken(connection, in_chunks):
    assert upload(connection, "/body", MIB, in_chunks).json == {"bytes": MIB}
    assert connection.ask("/").status == 200


@pytest.mark.parametrize("in_chunks", [False, True], ids=["length", "chunks"])
def test_a_larger_body_is_413(connection, in_chunks):
    assert is_error(upload(connection, "/body", 2 * MIB, in_chunks), 413)


def test_a_body_that_is_announced_too_large_is_413_before_it_is_sent(connection):
    connection.send(b"POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 2000000\r\n\r\n")
    assert is_error(connection.answer(), 413)
    assert connection.ends()


@pytest.mark.parametrize("in_chunks", [False, True], ids=["length", "chunks"])
def test_a_route_may_take_a_larger_body_and_reads_it_as_it_comes(connection, in_chunks):
    assert upload(connection, "/upload", 24 * MIB, in_chunks).json == {"bytes": 24 * MIB}


# ---------------------------------------------------------------------------------------------------------------------
# What handlers do
# ---------------------------------------------------------------------------------------------------------------------


def test_server_sent_events_arrive_while_they_are_made(connection):
    connection.send(b"GET /events HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n")
    seen = []
    while len(seen) < 3:  # without an end: what waits for it waits for ever
        line = connection.line()
        if line.startswith(b"data:"):
            seen.append(line)
    assert seen == [b"data: 0", b"data: 1", b"data: 2"]


def test_a_streamed_answer_arrives_whole(connection):
    answer = connection.ask("/stream?mib=32")
    assert (answer.status, len(answer.body)) == (200, 32 * MIB)
    assert connection.ask("/").status == 200


def test_web_sockets_are_upgraded_to(connection):
    connection.upgrade("/socket")
    for text in (b"hello", b"again"):
        assert connection.echo(text) == text


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_elsewhere_an_upgrade_is_not_heeded(connection, path):
    answer = connection.ask(path, *UPGRADE)
    assert answer.status == 200 if path == "/" else is_error(answer, 404)


def test_all_of_it_is_logged_once(handling):
    requests = [json.loads(line) for line in handling.stdout().splitlines()]
    assert {line["path"] for line in requests if line["msg"] == "request"} >= {"/upload", "/stream"}
