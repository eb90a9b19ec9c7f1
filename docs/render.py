"""Render what services get: the Dockerfiles of all combinations, in docs/dockerfiles; and the page of the gallery.

    python3 run.py python docs/render.py

Whoever changes the template or the gallery runs it, so that a review shows what services will get; tests compare.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import gallery
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parent.parent
RENDERED = ROOT / "docs" / "dockerfiles"


def rendered() -> dict[str, str]:
    """Return the text of each combination's Dockerfile by its name, for example `go-scratch.Dockerfile`."""
    records = json.loads((ROOT / "languages.json").read_text(encoding="utf-8"))
    texts = {}
    with tempfile.TemporaryDirectory() as folder:
        for language, base in [(name, base) for name, record in records.items() for base in record["sizes"]]:
            answers = {"language": language, "runtime_base": base}
            made = cookiecutter(
                str(ROOT),
                no_input=True,
                extra_context=answers,
                output_dir=folder,
                default_config=True,
                overwrite_if_exists=True,
            )
            texts[f"{language}-{base}.Dockerfile"] = Path(made, "Dockerfile").read_text(encoding="utf-8")
            shutil.rmtree(made)
    return texts


if __name__ == "__main__":
    RENDERED.mkdir(exist_ok=True)
    for file in RENDERED.iterdir():
        file.unlink()
    for name, text in rendered().items():
        (RENDERED / name).write_text(text, encoding="utf-8", newline="\n")
    gallery.PAGE.write_text(gallery.page(), encoding="utf-8", newline="\n")
