"""Cache mounts: of one service each, and what the tests of a pull request write no other stage reads."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest
from support.caches import caches, run_with, steps
from support.services import COMBINATIONS, LANGUAGES, VARIANTS, Service


@pytest.mark.parametrize(("language", "base"), COMBINATIONS)
def test_a_cache_is_of_one_service_and_tests_have_their_own(bake, language, base):
    service = bake(language=language, runtime_base=base, owner="acme", project_slug="orders")
    of_tests = caches(service.read("Dockerfile"), "test")
    of_builds = of_all_but_tests(service)
    assert of_builds
    assert all(cache.startswith("acme/orders/") for cache in of_tests | of_builds)
    assert not of_tests & of_builds


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_services_have_a_cache_in_common(bake, language):
    """Whatever their names are, which may end like one of the caches."""
    names = [
        ("acme", "orders"),
        ("acme", "orders-test"),
        ("acme/orders", "test"),
        ("evil", "orders"),
        ("acme-orders", "a"),
    ]
    seen: set[str] = set()
    for owner, slug in names:
        dockerfile = bake(language=language, runtime_base="scratch", owner=owner, project_slug=slug).read("Dockerfile")
        assert not seen & caches(dockerfile)
        seen |= caches(dockerfile)


@pytest.mark.parametrize(
    "language",
    [pytest.param(language, marks=pytest.mark.xdist_group(f"{language}-scratch")) for language in LANGUAGES],
)
def test_a_test_stage_that_poisons_its_caches_harms_no_other_build(_engine, bake, start, ca_bundle, tmp_path, language):
    """Two services on one builder: neither the second one nor the first one's own release reads what was written."""
    attacker = bake(language=language, runtime_base="scratch", project_slug="poisoner")
    poisonous = attacker.with_variant("poison", tmp_path, ca_bundle)
    mark = secrets.token_hex(8)  # and so another script than in an earlier run: no step is taken from there
    (poisonous.path / "poison.sh").write_text((VARIANTS / "poison.sh").read_text().replace("POISON", mark))
    log = poisonous.build(target="test", ca=ca_bundle).log
    reached = [set(mounts.values()) for stage, mounts in steps(attacker.read("Dockerfile")) if stage == "test"][-1]
    assert set(re.search(r"poisoned:(.*)\.", log)[1].split()) == reached, log

    other = bake(language=language, runtime_base="scratch")
    of_builds = of_all_but_tests(attacker) | of_all_but_tests(other)
    assert mark not in content(of_builds, tmp_path / "builds", mark)
    # Its steps that read a cache are run. (With --no-cache they would get empty ones.)
    dockerfile = other.read("Dockerfile")
    stages = "|".join({stage for stage, mounts in steps(dockerfile) if mounts})
    once = rf"\g<0>\nENV ONCE={secrets.token_hex(8)}"
    (other.path / "Dockerfile").write_text(re.sub(rf"^FROM .* AS ({stages})$", once, dockerfile, flags=re.MULTILINE))
    built = other.build(ca=ca_bundle)
    assert start(other, built.image).get("/").ok


def test_a_release_on_a_shared_builder_can_have_caches_that_no_pull_request_writes(_engine, tmp_path):
    """Whoever changes the Dockerfile may name any cache, but not the random value that a release gives its own."""
    cache, mark = secrets.token_hex(8), secrets.token_hex(8)
    run_with({cache}, f"echo {mark} >/caches/{cache}/file", tmp_path)
    assert mark in content({cache}, tmp_path / "shared", mark)
    own = f"--build-arg=BUILDKIT_CACHE_MOUNT_NS={secrets.token_hex(8)}"
    assert mark not in content({cache}, tmp_path / "own", mark, own)


def of_all_but_tests(service: Service) -> set[str]:
    """Return the ids of the cache mounts of the stages that something ships from."""
    dockerfile = service.read("Dockerfile")
    return caches(dockerfile, *({stage for stage, _ in steps(dockerfile)} - {"test"}))


def content(ids: set[str], folder: Path, mark: str, *options: str) -> str:
    """Return what is said of the builder's caches: which files have the mark in them."""
    (folder / "mark").parent.mkdir()
    (folder / "mark").write_text(mark)
    return run_with(ids, "grep -rFf /context/mark /caches || true", folder, *options)
