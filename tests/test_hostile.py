"""Hostile and odd answers give a service that works, or a refusal; nothing in an answer is ever run."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.answers import RULES
from support.files import PARSERS, contents
from support.menus import answer
from support.services import LANGUAGES, ROOT
from support.template import commit, snapshot
from support.terminal import ENTER, ERASE, Terminal

# Each would make the file MARKER where it is taken for code.
CODE = [
    "$(touch MARKER)",
    "`touch MARKER`",
    "'; touch MARKER; '",
    '"; touch MARKER; "',
    "{{ cycler.__init__.__globals__.os.system('touch MARKER') }}",
    "{% set x = cycler.__init__.__globals__.os.system('touch MARKER') %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    '"""); import os; os.system("touch MARKER") #',
    "'''+__import__('os').system('touch MARKER')+'''",
    '!!python/object/apply:os.system ["touch MARKER"]',
    "x} ${FOO:-$(touch MARKER)} #",
]
TEXTS = [
    *CODE,
    "A",
    "\\",
    "\"'`\\",
    "${HOME} $HOME %PATH% $$",
    "{{ }} {% %} {# #} {{ cookiecutter.owner }}",
    "{%raw%} {% endraw %} {{",
    "<script>alert(1)</script> ]]> --> &amp; &#0;",
    "# - * : ! & | > @ `",
    "- [x] | a | table |",
    "🚀 👩‍👩‍👧‍👦",
    "שלום עולם \u202e مرحبا",
    "中" * 200,
    "x" * 200,
    "0",
    "null",
    "no",
    "=1+1",
]
# Words that mean something to a language, its package manager or its standard library.
SLUGS = {
    "go": ["http", "main", "internal", "vendor", "v1"],
    "node": ["class", "http", "node", "test", "exports"],
    "python": ["class", "json", "http", "test", "service"],
    "java": ["class", "java", "package", "module-info", "record"],
}
OWNER = "a.b_c/7even"
MOST_HOSTILE = "\"'\\ $(touch MARKER) `touch MARKER` {{ 7*7 }} {% x %} <!-- ]]> & 🚀 שלום"


def cookiecutter(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run cookiecutter as a form or a script would."""
    command = ["cookiecutter", "--no-input", f"--output-dir={folder}", "--default-config", ROOT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


def sound(service, title: str, text: str) -> None:
    """Fail unless every file parses and the README says both answers as they were given."""
    for name in service.files():
        if parse := PARSERS.get("." + name.rpartition(".")[2]):
            parse(service.read(name))
    assert f"# {title}\n\n{text}\n" in service.read("README.md")


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_stays_text(bake, tmp_path, monkeypatch, language):
    monkeypatch.chdir(tmp_path)
    texts = [text.replace("MARKER", "hit") for text in TEXTS]
    for name, text in zip(texts[::2], texts[1::2], strict=True):
        sound(bake(project_name=name, description=text, project_slug="hostile", language=language), name, text)
    assert not list(tmp_path.iterdir())


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(text=st.from_regex(RULES["description"]["pattern"], fullmatch=True), language=st.sampled_from(LANGUAGES))
def test_any_text_that_is_accepted_stays_text(bake, text, language):
    sound(bake(project_name=text, description=text, project_slug="hostile", language=language), text, text)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    slug=st.from_regex("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True),
    owner=st.from_regex(r"[a-z0-9]{1,9}((\.|_|__|-{1,3})[a-z0-9]{1,9}){0,3}(/[a-z0-9]{1,60})?", fullmatch=True),
    language=st.sampled_from(LANGUAGES),
)
def test_any_name_that_is_accepted_gives_files_that_parse(bake, slug, owner, language):
    sound(bake(project_slug=slug, owner=owner, language=language), "Hello Service", "A small HTTP service.")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=250))
def test_any_project_name_gives_a_slug_or_a_refusal(cookies_session, name):
    result = cookies_session.bake(extra_context={"project_name": name, "description": "x"})
    if result.exception:
        assert re.match("(project_name|project_slug) is .*, but it has to be ", str(result.exception))
    else:
        assert re.fullmatch(RULES["project_slug"]["pattern"], result.project_path.name)


@pytest.mark.parametrize("question", [name for name in RULES if name not in ("project_name", "description")])
def test_code_in_an_answer_is_refused_and_not_run(cookies_session, tmp_path, question):
    for code in CODE:
        text = code.replace("MARKER", str(tmp_path / "hit"))
        result = cookies_session.bake(extra_context={question: text})
        assert str(result.exception).startswith(f"{question} is {text!r}, but it has to be {RULES[question]['rule']}")
        assert not (tmp_path / "hit").exists(), text


@pytest.mark.parametrize("key", ["__image", "__source", "_rules", "__prompts__", "_extensions"])
def test_private_values_run_nothing_either(tmp_path, key):
    text = CODE[4].replace("MARKER", str(tmp_path / "hit"))
    cookiecutter(tmp_path / "out", f"{key}={text}")
    assert not (tmp_path / "hit").exists()


def test_defaults_of_the_user_are_text(tmp_path):
    text = CODE[4].replace("MARKER", str(tmp_path / "hit"))
    config = tmp_path / "config"
    config.write_text(json.dumps({"default_context": {"description": text}, "replay_dir": str(tmp_path / "replay")}))
    command = ["cookiecutter", f"--config-file={config}", ROOT]
    subprocess.run([*command, "--no-input", f"--output-dir={tmp_path / 'first'}"], check=True, capture_output=True)
    subprocess.run([*command, "--replay", f"--output-dir={tmp_path / 'again'}"], check=True, capture_output=True)
    assert text in (tmp_path / "first" / "hello-service" / "README.md").read_text()
    assert contents(tmp_path / "first") == contents(tmp_path / "again")
    assert not (tmp_path / "hit").exists()


def test_text_typed_at_a_prompt_stays_text_through_an_update(tmp_path):
    """What was typed is rendered at no time: not when the service is made, not when cruft makes it again."""
    template = snapshot(tmp_path / "template")
    text = CODE[4].replace("MARKER", str(tmp_path / "hit"))
    environment = {"HOME": str(tmp_path)}
    terminal = Terminal("cruft", "create", template, f"--output-dir={tmp_path}", columns=200, **environment)
    answer(terminal, description=f"{ERASE}{text}{ENTER}")
    terminal.press(ENTER)
    assert terminal.end() == 0, terminal.text
    service = tmp_path / "hello-service"
    (template / "templates" / "README.md").write_text("{# Shorter #}\n{{ cookiecutter.description }}\n")
    commit(template, "A shorter README")
    subprocess.run(["cruft", "update", "--skip-apply-ask"], cwd=service, check=True, capture_output=True)
    assert (service / "README.md").read_text() == text + "\n"
    assert not (tmp_path / "hit").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_reserved_words_are_good_names(bake, language):
    reference = bake(project_slug="a-name-like-no-other", owner=OWNER, language=language)
    for slug in SLUGS[language]:
        service = bake(project_slug=slug, owner=OWNER, language=language)
        for name in service.files():
            assert service.read(name) == reference.read(name).replace("a-name-like-no-other", slug), name


def test_the_output_folder_may_have_any_name(tmp_path, bake):
    folder = tmp_path / "Töpfe & Pfannen's (日本) $HOME"
    done = cookiecutter(folder)
    assert done.returncode == 0, done.stderr
    assert contents(folder / "hello-service") == contents(bake().path)
    # The first of the next steps works when it is pasted.
    step = re.search("^    (cd .*)$", done.stdout, re.MULTILINE)[1]
    assert subprocess.run(["sh", "-c", f"{step} && ls Dockerfile"], capture_output=True).returncode == 0


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_service_of_hostile_answers_passes_its_own_tests(bake, ca_bundle, tmp_path, monkeypatch, language):
    monkeypatch.chdir(tmp_path)
    text = MOST_HOSTILE.replace("MARKER", "hit")
    service = bake(
        project_name=text,
        description=text,
        project_slug=SLUGS[language][0],
        owner=OWNER,
        language=language,
        runtime_base="distroless",
    )
    sound(service, text, text)
    service.build(target="test", ca=ca_bundle)
    assert not list(tmp_path.iterdir())
