"""The Dockerfiles that services get are in plain sight: docs/dockerfiles shows what the template makes."""

from __future__ import annotations

import sys

from support.services import ROOT

sys.path.insert(0, str(ROOT / "docs"))


def test_the_dockerfiles_in_docs_are_those_that_services_get():
    import render  # docs/render.py, found through the line above

    shown = {file.name: file.read_text(encoding="utf-8") for file in render.RENDERED.iterdir()}
    assert shown == render.rendered(), "type: python3 run.py python docs/render.py"
