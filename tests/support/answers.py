"""Answers to the template's questions, good and bad, and cookiecutter called with them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from click.testing import CliRunner
from cookiecutter.cli import main
from cookiecutter.environment import StrictEnvironment

from support.services import QUESTIONS, ROOT

NAMES = list(QUESTIONS["__prompts__"])
RULES = QUESTIONS["_rules"]
CHOICES = [name for name in NAMES if name not in RULES]
DEFAULTS = {name: QUESTIONS[name][0] if name in CHOICES else QUESTIONS[name] for name in NAMES}
DEFAULTS["project_slug"] = "hello-service"


def image_of(**answers: str) -> str:
    """Return the name that the image of a service is published under; a fork has other registries and owners."""
    answers = {**DEFAULTS, **answers}
    return f"{QUESTIONS['_hosts'][answers['ci']]['registry']}{answers['owner']}/{answers['project_slug']}"


def source_of(**answers: str) -> str:
    """Return the address of a service's repository."""
    answers = {**DEFAULTS, **answers}
    return f"{QUESTIONS['_hosts'][answers['ci']]['source']}{answers['owner']}/{answers['project_slug']}"


BAD = {
    "project_name": ["", " ", "two\nlines", "trailing ", "next\x85line", "nul\0", "x" * 201],
    "project_slug": [
        "",
        "Order",
        "order_service",
        "-order",
        "order-",
        "order.service",
        "órder",
        "a" * 64,
        "../up",
        "con",
    ],
    "description": ["a\ttab", "\udcff", "\uffff", "x" * 201],
    "owner": [
        "",
        "Acme",
        "-acme",
        "acme-",
        "acme inc",
        "acme/",
        "a" * 129,
        "acme:latest",
        "con",
        "acme/nul.x",
        "\u0430cme",
    ],
    "port": ["", "80", "1023", "65536", "99999", "http", "8080.0", "-8080", "08080", "8080 ", "\uff18080", "8080\n"],
    "base_registry": [
        "mirror",
        "https://mirror.corp.example",
        "mirror.corp.example/",
        "Mirror.example",
        "a.b/c d",
        "a." + "b" * 300,
    ],
}
GOOD = {
    "project_name": ["A", "Bestellungen für Köln", "注文 🚀"],
    "project_slug": ["a", "7", "order-service", "a--b", "a" * 63, "class", "json", "console"],
    "description": ['Ünïcode and "quotes"'],
    "owner": ["acme", "acme-inc", "acme/platform", "a.b_c", "7even", "console"],
    "port": ["1024", "8080", "65535"],
    "base_registry": [
        "",
        "localhost/mirror",
        "localhost:5000",
        "mirror.corp.example",
        "mirror.corp.example:5000/docker/hub",
    ],
}


def refusals(**answers: object) -> list[str]:
    """Return what the template says to these answers; the others are the defaults."""
    context = {"cookiecutter": {"_extensions": QUESTIONS["_extensions"]}}
    return StrictEnvironment(context=context).slim_answers.refusals({**DEFAULTS, **answers})


def arguments(folder: Path, *answers: str, template: Path = ROOT) -> list[str]:
    """Return the arguments of cookiecutter that make a service in `folder` without a question."""
    return ["--no-input", f"--output-dir={folder}", "--default-config", str(template), *answers]


def cookiecutter(*command: object, typed: str = "") -> tuple[int, str]:
    """Run the command in this process; return its exit code and what it printed. What hooks print is not in there."""
    done = CliRunner().invoke(main, [str(argument) for argument in command], typed, catch_exceptions=False)
    return done.exit_code, done.output


def make(folder: Path, *answers: str, **environment: str) -> tuple[int, str]:
    """Run cookiecutter as a person would; return its exit code and all it printed."""
    done = subprocess.run(
        ["cookiecutter", *arguments(folder, *answers)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout + done.stderr
