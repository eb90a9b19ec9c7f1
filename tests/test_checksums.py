"""Java: once a team has recorded what Maven downloads, a build takes nothing else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine import docker

JAR = "org/eclipse/jetty/jetty-server"
pytestmark = pytest.mark.xdist_group("java-scratch")  # which has what is downloaded


@pytest.fixture(scope="module")
def record(_engine, bake, ca_bundle) -> Path:
    """What lock.sh writes for a fresh service, with the downloads of its earlier builds."""
    service = bake(language="java", runtime_base="scratch")
    options = [f"--secret=id=ca,src={ca_bundle}", "--build-arg=BUILDKIT_CACHE_MOUNT_NS="]
    subprocess.run(["sh", service.path / "docker" / "tools" / "lock.sh", *options], check=True)
    return service.path / "docker" / "checksums.sha256"


@pytest.fixture(scope="module")
def maven(record, bake, ca_bundle, tmp_path_factory) -> Callable[..., tuple[int, str]]:
    """Run the build's Maven with a record, after a command; return its exit code and what it says."""
    service = bake(language="java", runtime_base="scratch")
    downloaded, compiled = (service.build(target=target, ca=ca_bundle).image.tag for target in ("deps", "programs"))
    container = docker("create", compiled).strip()
    programs = tmp_path_factory.mktemp("programs") / "programs"
    docker("cp", f"{container}:/programs/Maven", programs)
    docker("rm", container)

    def maven(text: str, folder: Path, before: str = "true") -> tuple[int, str]:
        (folder / "checksums.sha256").write_text(text)
        volumes = [f"--volume={folder}:/src/docker:ro", f"--volume={programs}:/programs:ro"]
        command = ["sh", "-euc", f"{before}; java -cp /programs Maven dependency:list -DincludeScope=runtime"]
        done = subprocess.run(["docker", "run", "--rm", *volumes, downloaded, *command], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return maven


def falsify(files: str) -> str:
    """Return a command that changes the bytes of what was downloaded, of all versions that there are."""
    return f"for file in /maven/repository/{files}; do printf x >>$file; done"


def test_what_is_recorded_is_taken(record, maven, tmp_path):
    code, said = maven(record.read_text(), tmp_path)
    assert code == 0, said


def test_a_falsified_jar_is_refused(record, maven, tmp_path):
    code, said = maven(record.read_text(), tmp_path, before=falsify(f"{JAR}/*/*.jar"))
    assert code
    assert re.search("jetty-server:jar:.* trusted checksum mismatch", said)
    assert "find out why before you do" in said


def test_a_falsified_plugin_is_not_run(record, maven, tmp_path):
    plugin = "org/apache/maven/plugins/maven-dependency-plugin/*/*.jar"
    code, said = maven(record.read_text(), tmp_path, before=falsify(plugin))
    assert code
    assert re.search("maven-dependency-plugin:jar:.* trusted checksum mismatch", said)


def test_what_is_not_recorded_is_refused_with_the_command_that_records_it(record, maven, tmp_path):
    lines = record.read_text().splitlines(keepends=True)
    code, said = maven("".join(line for line in lines if JAR not in line), tmp_path)
    assert code
    assert re.search("Missing from summaryFile trusted checksum.* org.eclipse.jetty:jetty-server:", said)
    assert "run: sh docker/tools/lock.sh" in said
