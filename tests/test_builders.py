"""docs/builders.md: builders that are somewhere else make the same images, and share what they have made.

What is shown is BuildKit's part, which is the same for every language; benchmarks/builders.py builds all combinations.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from support.builders import Site, site
from support.engine import PYTHON, EngineError, base_images, docker, exported, progress
from support.services import Service
from support.template import commit, git

pytestmark = pytest.mark.xdist_group("builders")


@pytest.fixture(scope="module")
def elsewhere(_engine, service):
    with site() as made:
        for image in ["docker/dockerfile:1", *base_images(service.read("Dockerfile"))]:
            made.offer(image)
        yield made


@pytest.fixture(scope="module")
def service(_engine, bake) -> Service:
    made = bake(language="go", runtime_base="scratch", project_slug="built-elsewhere")
    git(made.path, "init", "--quiet", "--initial-branch=main")
    with pytest.MonkeyPatch.context() as environment:
        # Before any step that is still in a cache: BuildKit sets times back to that of the commit, but never forward.
        environment.setenv("GIT_COMMITTER_DATE", "2024-01-01T00:00:00Z")
        commit(made.path, "First")
    return made


@pytest.fixture(scope="module")
def builder(elsewhere: Site) -> str:
    return elsewhere.builder("remote")


@pytest.fixture(scope="module")
def other(elsewhere: Site) -> str:
    return elsewhere.builder("remote")


@pytest.fixture(scope="module")
def local(service, ca_bundle, tmp_path_factory) -> dict:
    return built_on("default", service, ca_bundle, tmp_path_factory.mktemp("local"))


def command(service, builder: str, target: str, *options: str) -> list[str]:
    script = str(service.path / "docker" / "tools" / "bake.sh")
    return [
        script,
        f"--builder={builder}",
        "--progress=rawjson",
        "--provenance=false",
        "--sbom=false",
        *options,
        target,
    ]


def environment(ca_bundle, **settings: str) -> dict[str, str]:
    return {**os.environ, "CA_BUNDLE": str(ca_bundle), **settings}


def run(command: list[str], environment: dict[str, str]) -> set[str]:
    """Run a build and return the stages that had steps to run; raises EngineError with its log where it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    steps, log = progress(done.stderr)
    if done.returncode:
        raise EngineError(log)
    return {step.stage for step in steps if not step.cached}


def into(folder) -> list[str]:
    """Return the options that export a target `image` into `folder`."""
    output = f"--set=image.output=type=oci,dest={folder}/image.tar,rewrite-timestamp=true"
    return [f"--allow=fs.write={folder}", output]


def built_on(builder: str, service, ca_bundle, folder) -> dict:
    """Build the service on `builder` and return its image's configuration: settings, and digests of its layers."""
    run(command(service, builder, "image", *into(folder)), environment(ca_bundle))
    _, config = exported(folder / "image.tar")
    return {name: config[name] for name in ("config", "rootfs", "created", "architecture")}


@pytest.mark.parametrize("driver", ["docker-container", "remote"])
def test_a_builder_elsewhere_makes_the_same_image(service, elsewhere, local, ca_bundle, tmp_path, driver, request):
    used = request.getfixturevalue("builder") if driver == "remote" else elsewhere.builder(driver)
    assert built_on(used, service, ca_bundle, tmp_path) == local


def test_builders_share_what_one_of_them_has_built(service, builder, other, ca_bundle, tmp_path):
    settings = environment(ca_bundle, IMAGE="registry:5000/acme/built-elsewhere")
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    run(command(service, builder, "release", f"--metadata-file={first}"), settings | {"CACHE_TO": "amd64"})

    ran = run(command(service, other, "release", f"--metadata-file={second}"), settings | {"CACHE_FROM": "amd64"})

    # Copies are put together again, and what they make may be tried again.
    assert not ran & {"deps", "build", "rootfs"}
    assert digest(first) == digest(second)


def digest(metadata: Path) -> str:
    return json.loads(metadata.read_text(encoding="utf-8"))["release"]["containerimage.digest"]


def test_builds_side_by_side_do_not_share_ports(service, other, ca_bundle, tmp_path):
    """Steps of a builder in a container share its network; here another one has the service's port already."""
    edited = edit(service, tmp_path, "Hello side by side from")
    listen = ["python", "-m", "http.server", str(service.port)]
    neighbour = docker("run", "--detach", f"--network=container:{other}", PYTHON, *listen).strip()
    try:
        assert "smoke-test" in run(command(edited, other, "image", *into(tmp_path)), environment(ca_bundle))
        assert docker("inspect", "--format={{.State.Running}}", neighbour).strip() == "true"
    finally:
        docker("rm", "--force", neighbour)


def edit(service: Service, folder: Path, greeting: str) -> Service:
    """Return a copy of the service that says something else."""
    edited = replace(service, path=shutil.copytree(service.path, folder / "edited"))
    source = edited.path / "routes.go"
    source.write_text(source.read_text().replace("Hello from", greeting))
    return edited


def test_a_build_whose_builder_died_is_simply_run_again(service, builder, ca_bundle, tmp_path):
    edited = edit(service, tmp_path, "Hello again from")
    build = command(edited, builder, "image", *into(tmp_path))
    with subprocess.Popen(build, env=environment(ca_bundle), stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "build.sh compile" in line and '"started"' in line:
                docker("kill", builder)
                break
        process.stderr.read()
    assert process.returncode != 0

    docker("start", builder)
    docker("buildx", "inspect", "--bootstrap", builder)
    remote, local = tmp_path / "remote", tmp_path / "local"
    for folder in (remote, local):
        folder.mkdir()
    assert built_on(builder, edited, ca_bundle, remote) == built_on("default", edited, ca_bundle, local)
