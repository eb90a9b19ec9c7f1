"""Every promise has a test that exists; that each of them ran is seen at the end of a whole run (conftest.py)."""

from __future__ import annotations

import ast

from support.promises import named_tests, without_proof
from support.services import ROOT


def functions(name: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / name).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_a_promise_names_exists():
    named = named_tests()
    assert len(named) > 40
    assert not {test for test in named if test.partition("::")[2] not in functions(test.partition("::")[0])}


def test_a_run_without_one_of_them_is_noticed():
    one, *others = sorted(named_tests())
    assert without_proof([f"tests/{test}[go-scratch]@go-scratch" for test in others]) == [one]
    assert not without_proof([f"tests/{test}" for test in [one, *others]])
