"""Signing without a key, where Sigstore is out of reach: its certificate authority, and the tokens of pipelines.

Fulcio is the real one, with the settings of the public instance, which say how a token's claims become an identity.
Tokens are issued here, in the names of GitHub and GitLab: a proxy answers for their hosts, with a certificate of a CA
that Fulcio is told to trust. There is no transparency log; a certificate is valid for ten minutes, and so is a test.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
import trustme
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from support.engine import free_port, wait_for
from support.pipelines import COMMIT

REPOSITORY = "acme/hello-service"
# What a job is, and which token it is given:
# https://docs.github.com/actions/reference/security/oidc, https://docs.gitlab.com/ci/secrets/id_token_authentication/
GITHUB = {
    "iss": "https://token.actions.githubusercontent.com",
    "sub": f"repo:{REPOSITORY}:ref:refs/heads/main",
    "event_name": "push",
    "job_workflow_sha": COMMIT,
    "ref": "refs/heads/main",
    "repository": REPOSITORY,
    "repository_id": "1",
    "repository_owner": "acme",
    "repository_owner_id": "1",
    "repository_visibility": "private",
    "run_attempt": "1",
    "run_id": "1",
    "runner_environment": "github-hosted",
    "sha": COMMIT,
    "workflow": "release",
    "workflow_sha": COMMIT,
}
GITLAB = {
    "iss": "https://gitlab.com",
    "sub": f"project_path:{REPOSITORY}:ref_type:branch:ref:main",
    "ci_config_sha": COMMIT,
    "job_id": "1",
    "namespace_id": "1",
    "namespace_path": "acme",
    "pipeline_source": "push",
    "project_id": "1",
    "project_path": REPOSITORY,
    "project_visibility": "private",
    "ref": "main",
    "ref_type": "branch",
    "runner_environment": "gitlab-hosted",
    "sha": COMMIT,
}
HOSTS = [claims["iss"].removeprefix("https://") for claims in (GITHUB, GITLAB)]


def claims(ci: str, definition: str) -> dict[str, str]:
    """Return what the token of a job says that `definition` describes, for example `acme/x//.gitlab-ci.yml@refs/…`."""
    if ci == "github":
        return {**GITHUB, "workflow_ref": definition, "job_workflow_ref": definition}
    return {**GITLAB, "ci_config_ref_uri": f"gitlab.com/{definition}"}


class Issuer(ThreadingHTTPServer):
    """Issues tokens, and is the proxy behind which GitHub's and GitLab's hosts seem to be."""

    def __init__(self, authority: trustme.CA) -> None:
        """Listen on the loopback interface."""
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key = rsa.generate_private_key(65537, 2048)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS).configure_cert(self.tls)
        self.granted: dict[str, str] = {}

    def token(self, claims: dict[str, str]) -> str:
        """Return a token with these claims (RFC 7519), for Sigstore."""
        now = int(time.time())
        header = {"alg": "RS256", "typ": "JWT", "kid": "1"}
        body = {**claims, "aud": "sigstore", "iat": now, "nbf": now, "exp": now + 300, "jti": secrets.token_hex(8)}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (header, body))
        return f"{signed}.{_encoded(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def environment(self, claims: dict[str, str]) -> dict[str, str]:
        """Return what a job with these claims finds in its environment."""
        if claims["iss"] == GITLAB["iss"]:
            return {"SIGSTORE_ID_TOKEN": self.token(claims)}
        bearer = secrets.token_hex(16)
        self.granted[f"bearer {bearer}"] = self.token(claims)
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": bearer}

    def keys(self) -> dict:
        """Return the public half of the key that signs (RFC 7517)."""
        public = self.key.public_key().public_numbers()
        numbers = {"n": _encoded(public.n.to_bytes(256)), "e": _encoded(public.e.to_bytes(3))}
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", **numbers}]}


class _Answer(BaseHTTPRequestHandler):
    """One connection to the issuer."""

    def do_CONNECT(self) -> None:
        """Answer in the name of a known host."""
        self.close_connection = True
        if self.path.rpartition(":")[0] not in HOSTS:
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        with self.server.tls.wrap_socket(self.connection, server_side=True) as connection:
            type(self)(connection, self.client_address, self.server)

    def do_GET(self) -> None:
        """Answer who issues tokens (OpenID Connect Discovery 1.0), and hand one to the job that asks for its own."""
        issuer = f"https://{self.headers['Host']}"
        answers = {
            "/.well-known/openid-configuration": {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            },
            "/keys": self.server.keys(),
            "/token?&audience=sigstore": {"value": self.server.granted.get(self.headers.get("Authorization", ""), "")},
        }
        body = json.dumps(answers[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Say nothing."""


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Sigstore:
    """What signs and verifies: a folder with cosign in it, where tokens come from, and settings for cosign."""

    programs: Path
    issuer: Issuer
    settings: dict[str, str]

    def environment(self, claims: dict[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a job with these claims, or of somebody who verifies."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, **self.settings, **(self.issuer.environment(claims) if claims else {})}

    def cosign(self, *arguments: str, claims: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        """Run cosign."""
        command = [self.programs / "cosign", *arguments]
        return subprocess.run(command, env=self.environment(claims), capture_output=True, text=True)


@contextmanager
def running(programs: Path, identities: Path, authority: trustme.CA, folder: Path) -> Iterator[Sigstore]:
    """Start Fulcio with the file `identities` as its settings; `programs` is where it and cosign are."""
    roots = folder / "roots.pem"
    authority.cert_pem.write_to_path(roots)
    issuer = Issuer(authority)
    threading.Thread(target=issuer.serve_forever, daemon=True).start()
    port, grpc, metrics = (free_port() for _ in range(3))
    url = f"http://127.0.0.1:{port}"
    command = [programs / "fulcio", "serve", "--ca=ephemeralca", "--ct-log-url=", f"--config-path={identities}"]
    command += ["--host=127.0.0.1", f"--port={port}", "--grpc-host=127.0.0.1", f"--grpc-port={grpc}"]
    command += [f"--metrics-port={metrics}", f"--legacy-unix-domain-socket=@fulcio-{port}"]
    environment = {**os.environ, "HTTPS_PROXY": issuer.url, "SSL_CERT_FILE": str(roots)}
    with (folder / "fulcio.log").open("w") as log:
        fulcio = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def answers() -> bool:
        assert fulcio.poll() is None, (folder / "fulcio.log").read_text()
        try:
            return requests.get(f"{url}/healthz", timeout=5).ok
        except requests.ConnectionError:
            return False

    try:
        wait_for(answers, 60, (folder / "fulcio.log").read_text)
        (chain,) = requests.get(f"{url}/api/v2/trustBundle", timeout=5).json()["chains"]
        (folder / "chain.pem").write_text("".join(chain["certificates"]))
        settings = {"COSIGN_INSECURE_IGNORE_TLOG": "true", "COSIGN_INSECURE_IGNORE_SCT": "true"}
        for kind, service in (
            ("signing-config", f"url={url},api-version=1,start-time=2020-01-01T00:00:00Z,operator=test"),
            ("trusted-root", f"url={url},certificate-chain={folder / 'chain.pem'}"),
        ):
            file = folder / f"{kind}.json"
            create = [programs / "cosign", kind, "create", f"--fulcio={service}", f"--out={file}"]
            subprocess.run(create, check=True, capture_output=True, text=True)
            settings[f"COSIGN_{kind.replace('-', '_').upper()}"] = str(file)
        yield Sigstore(programs, issuer, settings)
    finally:
        fulcio.terminate()
        fulcio.wait()
        issuer.shutdown()
        issuer.server_close()
