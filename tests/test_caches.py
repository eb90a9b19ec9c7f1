"""Cache mounts: of one service each, and what the tests of a pull request write no other stage reads."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest
from support.engine import build
from support.services import COMBINATIONS, PREFIX, Service

MOUNT = re.compile(r"--mount=(\S*type=cache\S*)")


def caches(dockerfile: str) -> dict[str, set[str]]:
    """Return the ids of the cache mounts by stage; a mount without an id counts as its target, which is its id then."""
    found: dict[str, set[str]] = {}
    stage = ""
    for line in dockerfile.splitlines():
        if named := re.match(r"FROM .* AS (\S+)", line):
            stage = named[1]
        for mount in MOUNT.findall(line):
            options = dict(option.partition("=")[::2] for option in mount.split(","))
            found.setdefault(stage, set()).add(options.get("id", options["target"]))
    return found


@pytest.mark.parametrize(("language", "base"), COMBINATIONS)
def test_a_cache_is_of_one_service_and_tests_have_their_own(bake, language, base):
    service = bake(language=language, runtime_base=base, project_slug="of-one-service")
    by_stage = caches(service.read("Dockerfile"))
    assert by_stage
    tests = by_stage.pop("test", set())
    others = set().union(*by_stage.values())
    assert all(cache.startswith("of-one-service-") for cache in tests | others)
    assert not tests & others


LOOK = """FROM {image}
RUN {mounts} if grep -rq POISON /caches; then echo "There is poison."; fi
"""


def test_a_test_stage_that_poisons_its_caches_harms_no_other_build(_engine, bake, start, ca_bundle, tmp_path):
    """Two services on one builder: neither the second one nor the first one's own release reads what was written.

    Of Go, whose tests alone run with a cache mount that a build could read: the other languages' are shown above.
    """
    attacker = bake(language="go", runtime_base="scratch", project_slug="poisoner")
    poisonous = attacker.with_variant("poison", tmp_path, ca_bundle)
    # Other sources than in an earlier run: no step is taken from there.
    (poisonous.path / "run_test.go").write_text(f"package main\n\n// {secrets.token_hex(8)}.\n")
    log = poisonous.build(target="test", ca=ca_bundle).log
    assert re.search(r"poisoned: .*/root/\.cache:[1-9]", log), log

    other = bake(language="go", runtime_base="scratch")
    read = [caches(service.read("Dockerfile")) for service in (attacker, other)]
    of_builds = {cache for stages in read for stage, ids in stages.items() if stage != "test" for cache in ids}
    assert not poisoned(of_builds, attacker, tmp_path / "builds")
    built = other.build("--no-cache-filter=deps,build", ca=ca_bundle)
    assert start(other, built.image).get("/").ok


def poisoned(ids: set[str], service: Service, folder: Path) -> bool:
    """Say whether the attacker's mark is in one of the builder's caches."""
    mounts = " ".join(f"--mount=type=cache,id={cache},target=/caches/{cache}" for cache in ids)
    image = re.search(r"^FROM \S+ (golang:\S+)", service.read("Dockerfile"), re.MULTILINE)[1]
    folder.mkdir()
    (folder / "Dockerfile").write_text(LOOK.format(image=image, mounts=mounts))
    return "There is poison." in build(folder, f"{PREFIX}/poison", "--no-cache", output="type=cacheonly").log
