"""The questions as menus in a terminal."""

from __future__ import annotations

from support.answers import NAMES, RULES
from support.services import QUESTIONS
from support.terminal import DOWN, ENTER, Terminal

ASKED = [name for name in NAMES if name in RULES or len(QUESTIONS[name]) > 1]  # one option is no question
FIELDS = [name for name in NAMES if name in RULES]
WRITE_IT = "? Write it?"


def question(name: str) -> str:
    """Return the text by which a question is asked."""
    label = QUESTIONS["__prompts__"][name]
    return label if isinstance(label, str) else label["__prompt__"]


def option(name: str, value: str) -> str:
    """Return the keys that choose an option of a menu."""
    return DOWN * QUESTIONS[name].index(value) + ENTER


def answer(terminal: Terminal, until: str = "", **keys: str) -> None:
    """Answer the questions, up to the one named `until`; with Enter where no other keys are given."""
    for name in ASKED:
        terminal.see(f"? {question(name)}")
        if name == until:
            return
        terminal.press(keys.get(name, ENTER))
    terminal.see(WRITE_IT)
