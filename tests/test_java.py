"""What the build says where the words of Maven's plugins and of the JVM are not enough."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.elf import program
from support.services import Service

pytestmark = pytest.mark.xdist_group("java-scratch")


@pytest.fixture(scope="module")
def service(bake) -> Service:
    return bake(language="java", runtime_base="scratch")


@pytest.fixture(scope="module")
def image(_engine, service, ca_bundle) -> str:
    """The stage that has the JDK and the template's programs."""
    return service.build(target="programs", ca=ca_bundle).image.tag


@pytest.fixture(scope="module")
def failing(image) -> Callable[..., str]:
    """Run the build's Maven, which fails with the words `error`, where a plugin has the program `generate`."""

    def failing(folder: Path, error: str) -> str:
        (folder / "error").write_text(f"[ERROR] {error}\n")
        (folder / "mvn").write_text("#!/bin/sh\ncat /plugin/error\nexit 1\n")
        (folder / "mvn").chmod(0o755)
        volumes = [f"--volume={folder}:/plugin:ro", f"--volume={folder / 'mvn'}:/usr/share/maven/bin/mvn:ro"]
        maven = ["docker", "run", "--rm", *volumes, image, "java", "-cp", "/programs/Maven", "Maven", "package"]
        return subprocess.run(maven, capture_output=True, text=True).stderr

    return failing


def test_a_program_of_a_plugin_that_was_made_for_another_c_library_is_explained(failing, tmp_path):
    (tmp_path / "generate").write_bytes(program("/lib/ld-other.so.1"))
    said = failing(tmp_path, 'Cannot run program "/plugin/generate": error=2, No such file or directory')
    assert "a program that a plugin runs needs /lib/ld-other.so.1, which the build image lacks" in said


def test_a_library_that_a_program_of_a_plugin_lacks_is_named(failing, tmp_path):
    said = failing(tmp_path, "error while loading shared libraries: libother.so.6: cannot open shared object file")
    assert "a program that a plugin runs needs libother.so.6" in said


def test_a_parent_outside_of_the_repository_is_explained(failing, tmp_path):
    said = failing(tmp_path, "Non-resolvable parent POM for acme:api:1: Could not find artifact acme:parent:pom:1")
    assert "a folder above it is not in the build context" in said


def test_of_a_program_that_could_run_nothing_is_said(failing, tmp_path):
    assert failing(tmp_path, "/bin/sh: 1: generate: not found") == ""


PROTOBUF = """<project>
<properties><os.detected.classifier>linux-x86_64</os.detected.classifier></properties>
<protocArtifact>com.google.protobuf:protoc:4.36.2:exe:${os.detected.classifier}</protocArtifact>
</project>"""
# In place of Maven: the effective POM is the POM.
EFFECTIVE = """#!/bin/sh
for word; do case $word in -Doutput=*) cp pom.xml "${word#*=}" ;; esac; done
"""


def test_a_program_that_the_configuration_of_a_plugin_names_is_downloaded_with_the_dependencies(image, tmp_path):
    (tmp_path / "pom.xml").write_text(PROTOBUF)
    (tmp_path / "mvn").write_text(EFFECTIVE)
    (tmp_path / "mvn").chmod(0o755)
    volumes = [f"--volume={tmp_path}:/project", f"--volume={tmp_path / 'mvn'}:/usr/share/maven/bin/mvn:ro"]
    fetch = "mkdir -p /root/.m2/repository && java -cp /programs/Maven Maven fetch && cat /tmp/configured/pom.xml"
    run = ["docker", "run", "--rm", "--workdir=/project", *volumes, image, "sh", "-c", fetch]
    downloads = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert "<artifactId>protoc</artifactId><version>4.36.2</version><type>exe</type>" in downloads
    assert "<classifier>linux-x86_64</classifier>" in downloads


def test_an_option_that_the_jvm_does_not_take_is_said_before_anything_runs_with_it(service, image, tmp_path):
    (tmp_path / "java.options").write_text("-XX:+UseTheForce\n")
    (tmp_path / "modules.txt").write_text("")
    volumes = [f"--volume={tmp_path}:/docker:ro", f"--volume={service.path / 'docker/tools'}:/tools:ro"]
    link = ["docker", "run", "--rm", *volumes, image, "sh", "/tools/jvm.sh", "/docker/modules.txt", "/docker", "/jvm"]
    done = subprocess.run(link, capture_output=True, text=True)
    assert done.returncode
    assert "UseTheForce" in done.stderr
    assert "the JVM does not start with the options in docker/java.options" in done.stderr
