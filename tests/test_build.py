"""What a build does: which stages run, what it keeps, what it repeats after an edit."""

from __future__ import annotations

import secrets
import shutil

import pytest
from support.engine import EngineError, build, exported
from support.services import ONE_BASE, PREFIX

# The stages an edit of the sources may run again; every other one comes before the application.
APPLICATION_STAGES = {"build", "project", "modules", "smoke-test", "runtime"}


def test_an_image_is_built_without_its_tests(built):
    assert "build" in {step.stage for step in built.steps}
    assert "test" not in {step.stage for step in built.steps}


def test_the_test_stage_passes(service, built, ca_bundle):
    build = service.build(target="test", ca=ca_bundle)
    assert "test" in {step.stage for step in build.steps}


@ONE_BASE
def test_a_broken_unit_test_fails_the_test_stage_alone(service, built, ca_bundle, tmp_path):
    broken = service.with_variant("broken", tmp_path, ca_bundle)
    with pytest.raises(EngineError, match="deliberately broken"):
        broken.build(target="test", ca=ca_bundle)
    broken.build(ca=ca_bundle)


def test_stages_have_the_same_names_everywhere(service):
    lines = [line.split() for line in service.read("Dockerfile").splitlines() if line.startswith("FROM ")]
    names = [words[-1] for words in lines]
    shared = ["deps", "test", "build", "dev", "base", "runtime"]
    assert [name for name in names if name in shared] == shared
    assert names[-1] == "runtime"


def test_building_again_runs_nothing(service, built, ca_bundle):
    again = service.build(ca=ca_bundle)
    ran = [step.name for step in again.steps if step.stage and not step.cached]
    assert not ran


def test_an_edit_of_the_sources_fetches_nothing(probe):
    _, build = probe
    ran = {step.name for step in build.steps if step.stage not in {"", *APPLICATION_STAGES} and not step.cached}
    assert not ran


def test_an_edit_of_the_sources_changes_the_last_layers_only(image, probe, service):
    _, build = probe
    before, after = (layer_contents(each) for each in (image, build.image))
    changed = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert changed
    assert min(changed) >= len(before) - service.record["application_layers"]


@ONE_BASE
def test_a_build_can_be_repeated_bit_for_bit(service, built, ca_bundle, tmp_path):
    """With SOURCE_DATE_EPOCH, as reproducible-builds.org defines it; nothing but cache mounts is reused."""
    # Every step runs again where there is another host. (--no-cache would make other builds run them again as well.)
    elsewhere = f"--add-host={secrets.token_hex(8)}.test:127.0.0.1"
    first, second = (
        exported_layers(service, ca_bundle, tmp_path / f"{number}.tar", *options)
        for number, options in enumerate([(), (elsewhere,)])
    )
    varying = service.record["varying_layers"]
    assert first[: len(first) - varying] == second[: len(second) - varying]


def exported_layers(service, ca_bundle, archive, *options):
    """Build into an OCI archive with every time stamp at the epoch; return the digests of its layers."""
    epoch = "--build-arg=SOURCE_DATE_EPOCH=1700000000"
    output = f"type=oci,dest={archive},rewrite-timestamp=true"
    service.build(epoch, "--provenance=false", *options, ca=ca_bundle, output=output)
    manifest, _ = exported(archive)
    return [layer["digest"] for layer in manifest["layers"]]


def layer_contents(image):
    """What is in an image's layers, the lowest first: time stamps are those of whichever build made a layer first."""
    with image.layers() as layers:
        return [layer.contents for layer in layers]


@pytest.mark.usefixtures("_engine")
def test_a_company_may_serve_the_programs_of_the_build_from_an_image(bake, ca_bundle, tmp_path):
    """As the README says it; which language's programs they are makes no difference to BuildKit."""
    service = bake(language="go", project_slug="with-tools-of-a-company")
    tools = shutil.copytree(service.path / "docker" / "tools", tmp_path / "tools")
    script = (tools / "build.sh").read_text()
    (tools / "build.sh").write_text(script.replace("set -eu\n", 'set -eu\necho "of the company" >&2\n', 1))
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY tools /\n")
    image = build(tmp_path, f"{PREFIX}/company-tools").image.tag
    options = [f"--build-context=tools=docker-image://{image}", "--no-cache-filter=deps"]
    made = service.build(*options, target="deps", ca=ca_bundle)
    assert "of the company" in made.log
