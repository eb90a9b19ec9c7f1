"""Operators attach what they observe with to the unchanged image."""

from __future__ import annotations

import hashlib
import http.server
import threading

import pytest
import requests
from support.engine import wait_for
from support.services import host_roots

AGENT = "https://repo.maven.apache.org/maven2/io/opentelemetry/javaagent/opentelemetry-javaagent/2.33.1/opentelemetry-javaagent-2.33.1.jar"
AGENT_SHA256 = "e43a270df53c6f423e0ab157be9c27ccc01d5dc3232e162fe54777573db2f149"


@pytest.fixture
def collector():
    """A collector of OpenTelemetry: where it listens, and the paths and bodies that it received."""
    received: list[tuple[str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Collector)  # noqa: S104
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], received
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("combination", [("java", "distroless")], ids="-".join, indirect=True)
def test_an_agent_attached_to_the_image_sends_spans(service, image, collector, tmp_path):
    port, received = collector
    agent = requests.get(AGENT, timeout=60, verify=str(host_roots())).content
    assert hashlib.sha256(agent).hexdigest() == AGENT_SHA256
    (tmp_path / "agent.jar").write_bytes(agent)
    tmp_path.chmod(0o755)
    settings = {
        "JAVA_TOOL_OPTIONS": "-javaagent:/agent/agent.jar",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://collector:{port}",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    container = service.run(
        image,
        "--memory=384m",
        "--add-host=collector:host-gateway",
        f"--volume={tmp_path}:/agent:ro",
        *(f"--env={name}={value}" for name, value in settings.items()),
    )
    try:
        wait_for(container._answers, 180, container.logs)  # an agent rewrites every class
        assert container.get("/").status_code == 200
        wait_for(lambda: any(path == "/v1/traces" and b"GET" in body for path, body in received), 60, container.logs)
    finally:
        container.remove()
