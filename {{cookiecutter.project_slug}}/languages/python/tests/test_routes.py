"""What a client sees of each endpoint, and what the log says about it."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.log import JsonFormatter


@pytest.fixture
def app() -> FastAPI:
    return create_app()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
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
    assert response.headers["allow"] == "GET"


def test_draining_service_is_alive_but_not_ready(app: FastAPI, client: TestClient) -> None:
    app.state.draining = True

    ready, alive = client.get("/readyz"), client.get("/healthz")

    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert alive.status_code == 200


def test_each_request_is_logged_as_one_line_of_json(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(JsonFormatter())
    caplog.set_level(logging.INFO, "service")

    client.get("/nothing?token=secret")

    line = json.loads(caplog.text)
    assert datetime.fromisoformat(line.pop("time")).utcoffset() == timedelta(0)
    assert line.pop("duration_ms") >= 0
    assert line == {
        "level": "INFO",
        "msg": "request",
        "method": "GET",
        "path": "/nothing",
        "status": 404,
    }


def test_failing_endpoint_is_logged_with_status_500(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(JsonFormatter())
    caplog.set_level(logging.INFO, "service")

    @app.get("/fail")
    async def fail() -> None:
        message = "the password is swordfish"
        raise RuntimeError(message)

    response = client.get("/fail")

    assert (response.status_code, response.json()) == (500, {"error": "internal server error"})
    assert json.loads(caplog.text)["status"] == 500


def test_exception_is_part_of_its_line() -> None:
    try:
        raise RuntimeError("first line\nsecond line")
    except RuntimeError as error:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": (type(error), error, None)})

    text = JsonFormatter().format(record)

    assert "\n" not in text
    assert "second line" in json.loads(text)["error"]
