"""What a running container promises to whoever operates it: endpoints, logs, health, signals, trust."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from support.engine import wait_for
from support.services import COMBINATIONS, ONE_BASE, RECORDS


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, {"message": "Hello from hello-service"}),
        ("/healthz", 200, {"status": "ok"}),
        ("/readyz", 200, {"status": "ready"}),
    ],
)
def test_endpoint_answers(running, path, status, body):
    response = running.get(path)
    assert (response.status_code, response.json()) == (status, body)
    assert response.headers["content-type"].startswith("application/json")


def test_unknown_path_is_404(running):
    assert running.get("/nothing").status_code == 404


def test_logs_one_json_line_per_request(running):
    running.get("/nothing?token=secret")
    # A request is logged once it is answered, which may be a moment after the answer is here.
    wait_for(lambda: "/nothing" in running.stdout(), 5, running.logs)
    lines = [json.loads(line) for line in running.stdout().splitlines()]
    line = next(line for line in lines if line.get("path") == "/nothing")
    assert line.keys() == {"time", "level", "msg", "method", "path", "status", "duration_ms"}
    assert (line["level"], line["msg"], line["method"], line["status"]) == ("INFO", "request", "GET", 404)
    assert 0 <= line["duration_ms"] < 10_000
    assert datetime.fromisoformat(line["time"]).utcoffset().total_seconds() == 0
    assert "secret" not in running.stdout()


def test_a_failing_request_is_logged_with_the_line_of_the_source_and_tells_the_client_nothing(probe, start):
    service, build = probe
    trace = service.record["trace"]
    container = start(service, build.image, *([f"--env={trace['env']}"] if "env" in trace else []))
    response = container.get("/fail")
    assert (response.status_code, response.json()) == (500, {"error": "internal server error"})

    # Who logs first differs.
    wait_for(lambda: all(word in container.stdout() for word in ('"/fail"', "swordfish")), 5, container.logs)
    lines = [json.loads(line) for line in container.stdout().splitlines()]
    assert [line["status"] for line in lines if line.get("path") == "/fail"] == [500]
    (failure,) = [line for line in lines if line["level"] == "ERROR"]
    assert "swordfish" in failure["error"]
    assert re.search(trace["says"], failure["error"])


def test_says_on_which_port_it_listens(running):
    first = json.loads(running.stdout().splitlines()[0])
    assert (first["msg"], first["port"]) == ("listening", running.port)


def test_turns_healthy_by_its_own_healthcheck(running):
    running.wait_until_health_is("healthy")


def test_turns_unhealthy_when_the_process_hangs(service, image, start):
    # Without --init, because it is the service itself that has to hang.
    health = ["--health-interval=1s", "--health-retries=1"]
    container = start(service, image, "--init=false", *health)
    container.wait_until_health_is("healthy")
    container.signal("STOP")
    container.wait_until_health_is("unhealthy")


def test_listens_on_the_port_it_is_told(service, image, start):
    container = start(service, image, port=9999)
    assert container.get("/").status_code == 200
    container.wait_until_health_is("healthy")


def test_refuses_an_invalid_port(service, image):
    message, exit_code = image.try_to_run("--env=PORT=http")
    assert exit_code == 1
    assert "PORT" in message
    assert "http" in message
    assert len(message.splitlines()) == 1


@ONE_BASE
def test_answers_a_slow_request_in_full_after_sigterm(probe, start):
    service, build = probe
    container = start(service, build.image)
    answers = []
    request = threading.Thread(target=lambda: answers.append(container.get("/slow?ms=3000")))
    request.start()
    time.sleep(1)
    exit_code = container.stop()
    request.join()
    assert (answers[0].status_code, answers[0].json()) == (200, {"slept": 3000})
    assert exit_code in service.record["exit_codes"]
    assert '"draining"' in container.stdout()


@ONE_BASE
def test_accepts_nothing_new_while_draining(probe, start):
    service, build = probe
    container = start(service, build.image)
    request = threading.Thread(target=lambda: container.get("/slow?ms=4000"))
    request.start()
    time.sleep(1)
    container.signal("TERM")
    time.sleep(1)
    with pytest.raises(requests.ConnectionError):
        container.get("/", timeout=2)
    request.join()


PREPARED = [combination for combination in COMBINATIONS if "prepared" in RECORDS[combination[0]]]


@pytest.mark.parametrize("combination", PREPARED, ids="-".join, indirect=True)
def test_nothing_is_compiled_at_start(service, image, start):
    """Bytecode and ahead-of-time caches of the build are taken as they are."""
    prepared = service.record["prepared"]
    container = start(service, image, f"--env={prepared['env']}")
    assert re.search(prepared["says"], container.logs(), re.MULTILINE)
    assert not re.findall(prepared["never"], container.logs(), re.MULTILINE)


def test_stops_at_once_when_idle(service, image, start):
    container = start(service, image)
    assert container.stop() in service.record["exit_codes"]


@ONE_BASE
def test_answers_other_requests_during_a_slow_one(probe, start):
    service, build = probe
    container = start(service, build.image)
    request = threading.Thread(target=lambda: container.get("/slow?ms=3000"))
    request.start()
    time.sleep(0.5)
    container.get("/healthz", timeout=2)
    assert request.is_alive()
    request.join()


class _Upstream(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def upstream(authority):
    """An HTTPS server on this machine that only those trust who know the company's CA."""
    server = ThreadingHTTPServer(("0.0.0.0", 0), _Upstream)  # noqa: S104  (containers reach it through the bridge)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("upstream.test").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://upstream.test:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_outbound_https_is_verified(probe, start, upstream, authority, tmp_path):
    service, build = probe
    extra_ca = tmp_path / "ca.pem"
    extra_ca.write_bytes(authority.cert_pem.bytes())
    extra_ca.chmod(0o644)
    hosts = "--add-host=upstream.test:host-gateway"

    stranger = start(service, build.image, hosts).get(f"/fetch?url={upstream}")
    assert stranger.status_code == 502, stranger.text

    mounted = service.extra_ca(extra_ca, build.image)
    trusted = start(service, build.image, hosts, *mounted).get(f"/fetch?url={upstream}")
    assert trusted.json() == {"status": 204}


def test_public_ca_certificates_are_trusted(image):
    """The bundle that the system's libraries read is there and is a real one."""
    with image.layers() as layers:
        certificates = sum(layer.read("etc/ssl/certs/ca-certificates.crt").count(b"BEGIN CERT") for layer in layers)
    assert certificates > 100


def test_time_zones_resolve(probe, start):
    service, build = probe
    assert start(service, build.image).get("/zone?name=Europe/Berlin").json() == {"offset_minutes": 120}
