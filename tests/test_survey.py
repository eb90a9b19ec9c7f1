"""The survey of packages, run before a release: what its pages say."""

from __future__ import annotations

import csv

import pytest
from support.services import BASES, ROOT

PAGES = sorted((ROOT / "docs" / "survey").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_package_of_the_survey_works_or_the_build_says_why_not(page):
    """Every package of the list is there, on all bases; where the build refuses one, a sentence follows."""
    with (ROOT / "benchmarks" / "survey" / f"{page.stem}.csv").open(encoding="utf-8") as file:
        listed = [row[0] for row in list(csv.reader(file))[1:]]
    rows = [line.strip("| ").split(" | ") for line in page.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    head, _, *rows = rows
    assert head[2:] == list(BASES)
    assert [row[0] for row in rows] == listed
    for package, _, *verdicts in rows:
        for verdict in verdicts:
            assert verdict in ("works", "-") or verdict.startswith(("works with ", "refused: ")), package
