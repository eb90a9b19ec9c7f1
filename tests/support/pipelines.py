"""The last job of a release, as each pipeline has it: its own script, run here against a registry."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import yaml

from support.engine import docker
from support.services import Service

COMMIT = "5" * 40


def digest_of(reference: str) -> str:
    """Return the digest of what a registry has under a name."""
    return "sha256:" + hashlib.sha256(raw(reference).encode()).hexdigest()


def raw(reference: str) -> str:
    """Return the manifest or the index itself."""
    return docker("buildx", "imagetools", "inspect", "--raw", reference)


def push(folder: Path, reference: str, name: str = "Dockerfile") -> str:
    """Push an image with one file of this name, made in `folder`; return its digest."""
    (folder / "Dockerfile").write_text(f"FROM scratch\nCOPY Dockerfile /{name}\n")
    docker("buildx", "build", "--quiet", f"--output=type=image,name={reference},push=true,store=false", folder)
    return digest_of(reference)


def verified(image: str, folder: Path) -> dict[str, str]:
    """Push what the job before has built and verified, by its digest; return the digests by architecture."""
    digests = {}
    for architecture in ("amd64", "arm64"):
        digests[architecture] = push(folder, f"{image}:verified-{architecture}", architecture)
        (folder / f"digest-{architecture}").write_text(digests[architecture] + "\n")
    return digests


def publish(service: Service, image: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess:
    """Run the script that signs and tags; `environment` has a cosign on its PATH. Where it comes from is left out."""
    digests = verified(image, folder)
    if (service.path / ".gitlab-ci.yml").exists():
        script = yaml.safe_load(service.read(".gitlab-ci.yml"))["publish"]["script"]
    else:
        workflow = yaml.safe_load(service.read(".github/workflows/release.yaml"))
        script = [step.get("run", "") for step in workflow["jobs"]["publish"]["steps"]]
    script = "\n".join(line for line in script if not line.startswith("docker cp"))
    variables = {
        "IMAGE": image,
        "AMD64": digests["amd64"],
        "ARM64": digests["arm64"],
        "SOURCE": "https://github.com/acme/hello-service",
        "GITHUB_SHA": COMMIT,
        "GITHUB_REF_NAME": "main",
        "GITHUB_RUN_ID": "1",
        "GITHUB_STEP_SUMMARY": os.devnull,
        "CI_COMMIT_SHA": COMMIT,
        "CI_COMMIT_REF_NAME": "main",
        "CI_PROJECT_URL": "https://gitlab.com/acme/hello-service",
        "CI_PIPELINE_URL": "https://gitlab.com/acme/hello-service/-/pipelines/1",
    }
    command = ["bash", "-e", "-c", script]
    return subprocess.run(command, cwd=folder, env={**environment, **variables}, capture_output=True, text=True)
