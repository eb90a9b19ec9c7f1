"""Cache mounts: of one service each, and what the tests of a pull request write no other stage reads."""

from __future__ import annotations

import re

import pytest
from support.services import COMBINATIONS

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
