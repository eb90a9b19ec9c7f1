"""docs/promises.md: which tests keep which promise."""

from __future__ import annotations

import re

from support.services import ROOT


def named_tests() -> set[str]:
    """Return the tests that the page names, as FILE::FUNCTION."""
    page = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
    return set(re.findall(r"`(test_\w+\.py::test_\w+)`", page))


def without_proof(passed: list[str]) -> list[str]:
    """Return the tests of the page of which none of the node ids that `passed` is a run."""
    ran = {re.split(r"[\[@]", nodeid.removeprefix("tests/"))[0] for nodeid in passed}
    return sorted(named_tests() - ran)
