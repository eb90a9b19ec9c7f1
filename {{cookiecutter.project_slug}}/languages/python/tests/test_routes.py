"""What a client sees of each endpoint, and what the log says about it."""

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from service.app import create_app
from service.body import body_limit
from service.log import STDOUT, JsonFormatter, RequestLog, log_json

Log = list[dict[str, Any]]


@pytest.fixture
def app() -> FastAPI:
    return create_app()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(RequestLog(app), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, {"message": "Hello from {{ cookiecutter.project_slug }}"}),
        ("/healthz", 200, {"status": "ok"}),
        ("/readyz", 200, {"status": "ready"}),
        ("/nothing", 404, {"error": "not found"}),
    ],
)
def test_endpoint(client: TestClient, path: str, status: int, body: dict[str, str]) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.json() == body


def test_wrong_method_is_refused(client: TestClient) -> None:
    response = client.post("/healthz")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert response.json() == {"error": "method not allowed"}


def test_draining_service_is_alive_but_not_ready(app: FastAPI, client: TestClient) -> None:
    app.state.draining = True

    ready, alive = client.get("/readyz"), client.get("/healthz")

    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert alive.status_code == 200


def test_head_is_answered_like_get(client: TestClient) -> None:
    assert client.head("/").headers == client.get("/").headers


def test_invalid_input_is_422_in_the_same_shape(app: FastAPI, client: TestClient) -> None:
    @app.get("/double")
    async def double(number: int) -> int:
        return 2 * number

    response = client.get("/double?number=secret")

    assert response.status_code == 422
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith("query.number: ")
    assert "secret" not in response.text


def test_body_may_be_as_large_as_its_endpoint_takes(app: FastAPI, client: TestClient) -> None:
    @app.post("/usual")
    async def usual(request: Request) -> int:
        return len(await request.body())

    @app.post("/large")
    @body_limit(2 << 20)
    async def large(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    def chunks() -> Iterator[bytes]:
        yield bytes(1 << 20)
        yield b"one more"

    assert client.post("/usual", content=bytes(1 << 20)).json() == 1 << 20
    assert client.post("/usual", content=bytes(1 << 21)).status_code == 413
    assert client.post("/usual", content=chunks()).json() == {"error": "content too large"}
    assert client.post("/large", content=bytes(1 << 21)).json() == 1 << 21


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Log]:
    """Set up the log; return a function that returns its lines since the last call."""
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(STDOUT, "stream", io.StringIO())
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the client's own
    log_json()

    def log() -> Log:
        written = STDOUT.setStream(io.StringIO())
        assert isinstance(written, io.StringIO)
        return [json.loads(line) for line in written.getvalue().splitlines()]

    return log


def test_each_request_is_logged_as_one_line_of_json(
    client: TestClient, log: Callable[[], Log]
) -> None:
    client.get("/nothing?token=secret")

    (line,) = log()
    assert datetime.fromisoformat(line.pop("time")).utcoffset() == timedelta(0)
    assert line.pop("duration_ms") >= 0
    assert line == {
        "level": "INFO",
        "msg": "request",
        "method": "GET",
        "path": "/nothing",
        "status": 404,
    }


def test_probes_are_logged_when_they_fail_only(
    app: FastAPI, client: TestClient, log: Callable[[], Log]
) -> None:
    client.get("/healthz")
    client.head("/readyz")
    assert log() == []

    app.state.draining = True
    client.get("/readyz")
    assert [line["status"] for line in log()] == [503]


def test_failing_endpoint_is_logged_with_status_500(
    app: FastAPI, client: TestClient, log: Callable[[], Log]
) -> None:
    @app.get("/fail")
    async def fail() -> None:
        message = "the password is swordfish"
        raise RuntimeError(message)

    response = client.get("/fail")

    assert (response.status_code, response.json()) == (500, {"error": "internal server error"})
    failure, request = log()
    assert (failure["level"], request["status"]) == ("ERROR", 500)
    assert "test_routes.py" in failure["error"]


def test_log_survives_what_others_make_of_logging(
    client: TestClient, log: Callable[[], Log]
) -> None:
    ours = logging.getLogger("some.module")
    foreign = {
        "version": 1,
        "handlers": {"console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {"uvicorn": {"handlers": ["console"], "propagate": False}},
    }
    logging.config.dictConfig(foreign)

    client.get("/nothing")
    assert [line["status"] for line in log()] == [404]

    log_json()
    ours.info("ours")
    logging.getLogger("uvicorn").error("theirs")
    assert [line["msg"] for line in log()] == ["ours", "theirs"]


def test_line_is_never_longer_than_8_kib() -> None:
    fields = {"msg": "\N{SNOWMAN}" * 9000, "list": ["\0"] * 9000}

    line = JsonFormatter().format(logging.makeLogRecord(fields))

    assert len(line) < 8 << 10
    assert "[cut]" in json.loads(line)["msg"]


def test_exception_is_part_of_its_line() -> None:
    try:
        raise RuntimeError("first line\nsecond line")
    except RuntimeError as error:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": (type(error), error, None)})

    text = JsonFormatter().format(record)

    assert "\n" not in text
    assert "second line" in json.loads(text)["error"]
