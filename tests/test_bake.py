"""docker-bake.hcl: what people ask of the builder, by name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from support.answers import image_of
from support.engine import HARDENED, EngineError, Image, docker
from support.services import BASES, LANGUAGES
from support.template import commit, git

pytestmark = [
    pytest.mark.parametrize(
        "combination", [(language, BASES[0]) for language in LANGUAGES], ids="-".join, indirect=True, scope="module"
    ),
    pytest.mark.xdist_group("this machine"),  # ports and names of images that there is one of
]


class Repository:
    """A service under version control, one commit old, tagged v1.2.3."""

    def __init__(self, folder, ca_bundle) -> None:
        """Make one of `folder`."""
        self.folder, self.ca_bundle = folder, ca_bundle
        git(folder, "init", "--quiet", "--initial-branch=main")
        commit(folder, "First")
        git(folder, "tag", "v1.2.3")

    def bake(self, *arguments: str) -> str:
        """Run docker/tools/bake.sh, from elsewhere; return what it printed on stdout."""
        environment = {**os.environ, "CA_BUNDLE": str(self.ca_bundle)}
        command = [self.folder / "docker" / "tools" / "bake.sh", *arguments]
        done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True)
        if done.returncode:
            raise EngineError(f"docker/tools/bake.sh {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout


@pytest.fixture(scope="module")
def repository(built, service, ca_bundle, tmp_path_factory) -> Repository:
    folder = shutil.copytree(service.path, tmp_path_factory.mktemp("repository") / "service")
    return Repository(folder, ca_bundle)


@pytest.fixture(scope="module")
def baked(repository) -> Image:
    repository.bake()
    return Image("hello-service")


def test_an_image_is_labelled_with_what_git_says(baked, repository):
    labels = baked.config["Labels"]
    assert labels["org.opencontainers.image.version"] == "v1.2.3"
    assert labels["org.opencontainers.image.revision"] == git(repository.folder, "rev-parse", "HEAD")


def test_an_image_is_as_old_as_its_commit(baked, repository):
    moment = git(repository.folder, "log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd")
    assert baked.inspected["Created"].startswith(moment[:10])


def test_checks_and_tests_pass(repository):
    assert "no warnings found" in repository.bake("check")
    repository.bake("test")


def test_the_debug_image_is_the_same_with_a_shell_in_it(baked, repository):
    repository.bake("debug")
    container = docker("run", "--detach", *HARDENED, "--tmpfs=/tmp", "hello-service:debug").strip()
    try:
        look = "PATH=/busybox; id -u; until wget -q -O - localhost:8080/; do :; done"
        assert docker("exec", container, "/busybox/sh", "-c", look).splitlines()[0] == "65532"
    finally:
        docker("rm", "--force", container)
    debug = Image("hello-service:debug")
    assert {**debug.config, "Cmd": None} == {**baked.config, "Cmd": None}


def test_a_release_is_for_both_architectures_and_tells_how_it_was_made(repository):
    target = json.loads(repository.bake("--print", "image-all"))["target"]["image-all"]
    assert target["platforms"] == ["linux/amd64", "linux/arm64"]
    assert {attestation["type"] for attestation in target["attest"]} == {"provenance", "sbom"}
    assert target["tags"] == [f"{image_of()}:v1.2.3"]
    assert target["output"] == [{"type": "image", "rewrite-timestamp": "true"}]


def test_settings_for_a_company_network_are_variables(repository, monkeypatch, tmp_path):
    """The build itself, with the very secrets and arguments that are named here: tests/test_company.py."""
    index = tmp_path / "index"
    index.touch()
    monkeypatch.setenv("REGISTRY_SETTINGS", str(index))
    monkeypatch.setenv("PROXY", "http://joe:secret@proxy:3128")
    monkeypatch.setenv("NO_PROXY", "internal")
    target = json.loads(repository.bake("--print", "image-all"))["target"]["image-all"]
    assert target["secret"] == [{"id": "ca", "src": str(repository.ca_bundle)}, {"id": "registry", "src": str(index)}]
    given = {name: value for name, value in target["args"].items() if name.endswith("_PROXY")}
    proxy = "http://joe:secret@proxy:3128"
    assert given == {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": "internal"}
    assert {"type": "provenance", "mode": "min"} in target["attest"]


def test_the_image_check_passes(baked, repository):
    done = subprocess.run(
        [repository.folder / "docker" / "tools" / "check-image.sh", baked.tag], cwd="/", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "healthy" in done.stdout


def test_the_image_check_names_the_layer_that_grew(baked, repository, tmp_path):
    """A pull request that is too large fails, and says where."""
    dockerfile = f"FROM {baked.tag}\nCOPY --from={baked.tag} /etc/os-release /more\n"
    command = ["docker", "build", "--quiet", "--tag=hello-service:grown", "-"]
    subprocess.run(command, input=dockerfile, text=True, check=True, capture_output=True)
    docker_folder = shutil.copytree(repository.folder / "docker", tmp_path / "docker")
    (docker_folder / "limits.env").write_text("SIZE_MB=1\nMEMORY_MB=64\n")
    command = [docker_folder / "tools" / "check-image.sh", "hello-service:grown", baked.tag]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Grown most: COPY /etc/os-release /more" in done.stdout
    assert "too large" in done.stderr
