"""A folder of the repository that is a dependency."""

import os
from pathlib import Path

import idna


def greet() -> None:
    """Greet: a command of the image."""
    os.write(1, b"greetings\n")


def template() -> str:
    """Read a file beside itself."""
    return Path(__file__).with_name("template.txt").read_text(encoding="utf-8") + idna.__version__[:0]
