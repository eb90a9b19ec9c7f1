"""Services of many frameworks, as people write them, move in: tests/gallery/LANGUAGE/NAME over a fresh service."""

from __future__ import annotations

import pytest
from support.expectations import Expectations, changes_with
from support.services import BASES, GALLERY

from docs import gallery

SERVICES = [
    (Expectations.read(GALLERY / language / name), language, name)
    for language, name in changes_with(GALLERY, "expect.toml")
]
# The first base of each is tried always, the others with --every-base.
TRIED = [
    pytest.param(language, base, name, id=f"{language}-{base}-{name}", marks=[pytest.mark.every_base] * (index > 0))
    for expected, language, name in SERVICES
    for index, base in enumerate(expected.bases)
]


@pytest.mark.parametrize(("language", "base", "name"), TRIED)
def test_a_real_service_runs_with_the_dockerfile_as_it_is(_engine, bake, ca_bundle, tmp_path, language, base, name):
    """Hardened, started before its database is there, and stopped cleanly."""
    fresh = bake(language=language, runtime_base=base)
    service = fresh.changed(GALLERY / language / name, tmp_path, ca_bundle)
    assert service.read("Dockerfile") == fresh.read("Dockerfile")
    Expectations.read(GALLERY / language / name).check(service, ca_bundle)


def test_each_service_of_the_gallery_says_what_it_is_and_runs_on_two_bases():
    for expected, language, name in SERVICES:
        assert expected.title, f"{language}/{name}"
        assert len(set(expected.bases) & set(BASES)) == len(expected.bases) >= 2, f"{language}/{name}"


def test_the_page_of_the_gallery_is_as_the_command_makes_it():
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page(), "type: python3 run.py python docs/render.py"
