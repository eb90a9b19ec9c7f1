"""The survey of packages, run before a release: what its pages say."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from support.services import BASES, ROOT

PAGES = sorted((ROOT / "docs" / "survey").glob("*.md"))


def table(page: Path) -> list[list[str]]:
    """Return the rows of a page, the head first and without the rule below it."""
    lines = page.read_text(encoding="utf-8").splitlines()
    head, _, *rows = [line.strip("| ").split(" | ") for line in lines if line[:1] == "|"]
    return [head, *rows]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_package_of_the_survey_works_or_the_build_says_why_not(page):
    """Every package of the list is there, on all bases; where the build refuses one, a sentence follows."""
    with (ROOT / "benchmarks" / "survey" / f"{page.stem}.csv").open(encoding="utf-8") as file:
        listed = [row[0] for row in list(csv.reader(file))[1:]]
    head, *rows = table(page)
    assert head[2:] == list(BASES)
    assert [row[0] for row in rows] == listed
    for package, _, *verdicts in rows:
        for verdict in verdicts:
            assert verdict in ("works", "-") or verdict.startswith(("works with ", "refused: ")), package


def test_the_readme_counts_what_the_pages_say():
    verdicts = [verdict for page in PAGES for _, _, *verdicts in table(page)[1:] for verdict in verdicts]
    worked, refused = (sum(verdict.startswith(kind) for verdict in verdicts) for kind in ("works", "refused"))
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"[of {worked + refused:,} trials, {worked:,} worked, and {refused} were refused" in readme
