"""A team adds dependencies, native ones too, and the Dockerfile stays as it came out of the template."""

from __future__ import annotations

import re
import tomllib

import pytest
from engine import EngineError
from service import BASES, LANGUAGES, VARIANTS

ADDED = [
    (language, base, path.parent.name)
    for language in LANGUAGES
    for path in sorted((VARIANTS / language).glob("*/expect.toml"))
    for base in BASES
]


@pytest.mark.parametrize(("language", "base", "variant"), ADDED, ids=map("-".join, ADDED))
def test_a_service_with_the_dependency_builds_and_answers(
    _engine, bake, start, ca_bundle, tmp_path, language, base, variant
):
    service = bake(language=language, runtime_base=base)
    dockerfile = service.read("Dockerfile")
    grown = service.with_variant(variant, tmp_path, ca_bundle)
    expected = tomllib.loads((VARIANTS / language / variant / "expect.toml").read_text(encoding="utf-8"))

    build = grown.build(ca=ca_bundle)

    assert grown.read("Dockerfile") == dockerfile
    answer = start(grown, build.image).get(expected["path"])
    assert answer.status_code == 200, answer.text
    assert expected["json"].items() <= answer.json().items()


REFUSED = [
    (language, base, path.parent.name)
    for language in LANGUAGES
    for path in sorted((VARIANTS / language).glob("*/refuse.toml"))
    for base in tomllib.loads(path.read_text(encoding="utf-8"))["bases"]
]


@pytest.mark.parametrize(("language", "base", "variant"), REFUSED, ids=map("-".join, REFUSED))
def test_what_cannot_work_fails_the_build_with_a_sentence(_engine, bake, ca_bundle, tmp_path, language, base, variant):
    service = bake(language=language, runtime_base=base).with_variant(variant, tmp_path, ca_bundle)
    expected = tomllib.loads((VARIANTS / language / variant / "refuse.toml").read_text(encoding="utf-8"))
    with pytest.raises(EngineError, match=re.escape(expected["sentence"])):
        service.build(ca=ca_bundle)


def test_every_language_is_tried_with_a_dependency():
    assert {language for language, _, _ in ADDED} == set(LANGUAGES)
