"""Links within the repository lead to a file, and to a heading of it."""

from __future__ import annotations

import re

from support.files import headings
from support.services import ROOT
from support.template import git


def test_every_link_within_the_repository_leads_somewhere():
    broken = []
    for name in git(ROOT, "ls-files", "*.md").splitlines():
        page = ROOT / name
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _, heading = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if "://" in link or "{{" in link:
                continue
            if not target.exists() or (heading and heading not in headings(target)):
                broken.append(f"{name}: {link}")
    assert not broken
