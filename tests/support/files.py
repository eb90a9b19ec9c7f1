"""What files hold."""

from __future__ import annotations

import json
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import yaml

# What reads a generated file, by its ending.
PARSERS = {
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".yml": lambda text: list(yaml.safe_load_all(text)),
    ".xml": ElementTree.fromstring,
    ".py": lambda text: compile(text, "generated", "exec"),
}


def contents(folder: Path) -> dict[Path, bytes]:
    """Return the bytes of all files in `folder`, by their paths in it."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def headings(page: Path) -> set[str]:
    """Return the headings of a Markdown page as GitHub writes them in an address."""
    found = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}
