"""A team adds dependencies, native ones too, and the Dockerfile stays as it came out of the template."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from support.engine import Build, EngineError
from support.expectations import Expectations, changes_with
from support.services import LANGUAGES, VARIANTS, Service

ADDED = [
    (language, base, variant)
    for language, variant in changes_with(VARIANTS, "expect.toml")
    for base in Expectations.read(VARIANTS / language / variant).bases
]


@pytest.mark.parametrize(("language", "base", "variant"), ADDED, ids=map("-".join, ADDED))
def test_a_changed_service_builds_and_answers_with_the_dockerfile_as_it_is(
    _engine, bake, ca_bundle, tmp_path, language, base, variant
):
    service = bake(language=language, runtime_base=base)
    dockerfile = service.read("Dockerfile")
    grown = service.with_variant(variant, tmp_path, ca_bundle)
    assert grown.read("Dockerfile") == dockerfile
    Expectations.read(VARIANTS / language / variant).check(grown, ca_bundle)


def refusals(language: str, variant: str) -> dict[str, dict[str, str]]:
    """What a refuse.toml expects to read: for each base the sentence.

    Those under `optional` say how to do without the dependency's native code, those under `final` cannot.
    """
    return tomllib.loads((VARIANTS / language / variant / "refuse.toml").read_text(encoding="utf-8"))


REFUSED = [
    (language, base, variant)
    for language, variant in changes_with(VARIANTS, "refuse.toml")
    for bases in refusals(language, variant).values()
    for base in bases
]


@pytest.mark.parametrize(("language", "base", "variant"), REFUSED, ids=map("-".join, REFUSED))
def test_what_cannot_work_fails_the_build_with_a_sentence_that_helps(
    _engine, bake, start, ca_bundle, tmp_path, language, base, variant
):
    grown = bake(language=language, runtime_base=base).with_variant(variant, tmp_path, ca_bundle)
    expected = refusals(language, variant)
    sentence = expected.get("optional", {}).get(base) or expected["final"][base]
    with pytest.raises(EngineError, match=re.escape(sentence)):
        grown.build(ca=ca_bundle)

    if base in expected.get("optional", {}):
        image = build_without(grown, ca_bundle).image
        assert start(grown, image).get("/").status_code == 200


def build_without(service: Service, ca_bundle: Path) -> Build:
    """Build `service`, which does without whatever native code the build cannot take: as the sentences say."""
    for _ in range(20):
        try:
            return service.build(ca=ca_bundle)
        except EngineError as error:
            advice = re.search(r"add the line (\S+) to (\S+)\.$", str(error), re.MULTILINE)
            if not advice:
                raise
            with (service.path / advice[2]).open("a", encoding="utf-8") as file:
                file.write(advice[1] + "\n")
    raise AssertionError(f"{service.path} is refused time and again")


def test_every_language_is_tried_with_dependencies_that_work_and_that_cannot():
    assert {language for language, _, _ in ADDED} == {language for language, _, _ in REFUSED} == set(LANGUAGES)
