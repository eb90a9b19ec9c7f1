"""The programs of tests/policy/tools.toml, and how each is run."""

from __future__ import annotations

import tomllib

from support.services import ROOT

POLICY = ROOT / "tests" / "policy"
TOOLS = tomllib.loads((POLICY / "tools.toml").read_text(encoding="utf-8"))


def python_tool(name: str, package: str = "") -> list[str]:
    """Return the command that runs a program of a Python package; `package` is its line in tools.toml."""
    source = TOOLS["python"][package or name]
    return ["uvx", "--quiet", f"--exclude-newer={TOOLS['before']}T00:00:00Z", f"--from={source}", name]
