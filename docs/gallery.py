"""The page docs/gallery.md: which services were moved into the template, and what had to be changed for that.

It is made of the files expect.toml in tests/gallery, by the command that docs/render.py names.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "gallery.md"

HEAD = """\
# Real services, moved into the template

Each is a small service in the idiom of its framework. A test lays it over a freshly made service, builds it with the
Dockerfile as it came out of the template, starts it read-only and without capabilities, before its database is there,
sends it requests, and stops it. The last column is all that had to be changed in it or around it. The first base named
is tried with every change of the template, the others every night. The sources are in
[tests/gallery](../tests/gallery); this page is made from them by `python3 run.py python docs/render.py`.

| language | service | bases | PostgreSQL | changed to move in |
|---|---|---|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    records = json.loads((ROOT / "languages.json").read_text(encoding="utf-8"))
    rows = []
    for language, record in records.items():
        for file in sorted((ROOT / "tests" / "gallery" / language).glob("*/expect.toml")):
            expected = tomllib.loads(file.read_text(encoding="utf-8"))
            title = f"[{expected['title']}](../tests/gallery/{language}/{file.parent.name})"
            changes = "; ".join(expected.get("changes", [])) or "nothing"
            bases = ", ".join(expected.get("bases", record["sizes"]))
            database = "yes" if expected.get("database") else ""
            cells = [language, title, bases, database, changes]
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return HEAD + "".join(rows)
