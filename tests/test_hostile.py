"""Hostile and odd answers give a service that works, or a refusal; nothing in an answer is ever run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.answers import DEFAULTS, NAMES, RULES, arguments, cookiecutter, make
from support.files import PARSERS, contents
from support.linked import cruft, follow, run_cruft
from support.menus import answer
from support.services import LANGUAGES, QUESTIONS, ROOT
from support.template import commit, git, snapshot
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


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(text=st.from_regex(RULES["description"]["pattern"], fullmatch=True), language=st.sampled_from(LANGUAGES))
def test_any_text_that_is_accepted_stays_text(bake, text, language):
    sound(bake(project_name=text, description=text, project_slug="hostile", language=language), text, text)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    slug=st.from_regex("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True),
    owner=st.from_regex(r"[a-z0-9]{1,9}((\.|_|__|-{1,3})[a-z0-9]{1,9}){0,3}(/[a-z0-9]{1,60})?", fullmatch=True),
    language=st.sampled_from(LANGUAGES),
)
def test_any_name_that_is_accepted_gives_files_that_parse(bake, slug, owner, language):
    sound(bake(project_slug=slug, owner=owner, language=language), "Hello Service", "A small HTTP service.")


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
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


# What was planted in a private value, and the trace that it would leave.
PRIVATE = {
    "__license": "x\nRUN touch MARKER",
    "__source": "x\nRUN touch MARKER",
    "__image": CODE[4],
    "__registry": CODE[4],
    "_hosts": {"github": {"registry": CODE[4], "source": "x\nRUN touch MARKER"}},
    "_alternatives": {"../outside": "language", "..": "ci"},
    "_only_with": {},
    "_rules": {name: {"pattern": "(?s).*", "rule": "", "example": ""} for name in RULES},
    "_sizes": {"go": {"distroless": "$(touch MARKER)"}},
    "_new_lines": "\r\n",
    "_copy_without_render": ["*"],
    "_jinja2_env_vars": {"variable_start_string": "[[", "autoescape": True, "trim_blocks": False},
    "__prompts__": {"language": {"..": ".."}},
    "languages": {"go": {"memory": "$(touch MARKER)"}},
    "plan": {"new": "../outside"},
}
RECORDED = {"_template": str(ROOT), "_output_dir": "/", "_repo_dir": "/", "_checkout": None}


def planted(value: object, marker: Path) -> object:
    """Return the value with MARKER replaced in it."""
    return json.loads(json.dumps(value).replace("MARKER", str(marker)))


@pytest.fixture
def outside(tmp_path) -> Path:
    """A folder beside the service, which nothing may touch."""
    (tmp_path / "out" / "outside" / "go").mkdir(parents=True)
    (tmp_path / "out" / "outside" / "go" / "main.go").write_text("theirs\n")
    return tmp_path / "out" / "outside"


def replay(tmp_path: Path, answers: dict, **beside: object) -> tuple[int, str]:
    """Replay recorded answers, and what somebody wrote beside them; into tmp_path/out."""
    (tmp_path / "replay.json").write_text(json.dumps({"cookiecutter": answers, **beside}))
    (tmp_path / "config").write_text(f"replay_dir: {tmp_path / 'recorded'}\n")
    command = [ROOT, f"--config-file={tmp_path / 'config'}", f"--replay-file={tmp_path / 'replay.json'}"]
    return cookiecutter(*command, f"--output-dir={tmp_path / 'out'}")


@pytest.mark.parametrize("name", [name for name in PRIVATE if name.startswith("_")])
def test_private_values_of_a_replay_are_ignored(bake, tmp_path, outside, name):
    own = {key: value for key, value in QUESTIONS.items() if key.startswith("_")} | RECORDED
    value = planted(PRIVATE[name], tmp_path / "hit")
    if name == "_jinja2_env_vars":
        value.pop("variable_start_string")  # with that cookiecutter does not find the template
    code, output = replay(tmp_path, {**DEFAULTS, **own, name: value})
    assert code == 0, output
    assert contents(tmp_path / "out" / "hello-service") == contents(bake().path)
    assert contents(outside) == {Path("go", "main.go"): b"theirs\n"}
    assert not (tmp_path / "hit").exists()


def test_what_is_beside_the_answers_of_a_replay_is_ignored(bake, tmp_path):
    beside = {name: planted(value, tmp_path / "hit") for name, value in PRIVATE.items()}
    code, output = replay(tmp_path, {**DEFAULTS, "_extensions": QUESTIONS["_extensions"]}, **beside)
    assert code == 0, output
    assert contents(tmp_path / "out" / "hello-service") == contents(bake().path)


@pytest.mark.parametrize("extensions", [[], ["jinja2.ext.do"]])
@pytest.mark.parametrize("options", [[], ["-f"]])
def test_a_replay_without_the_template_s_extension_makes_nothing(tmp_path, extensions, options):
    """Its answers would not be checked."""
    (tmp_path / "out").mkdir()
    if options:
        (tmp_path / "out" / "hello-service").mkdir()
        (tmp_path / "out" / "hello-service" / "compose.yaml").symlink_to(tmp_path / "hit")
    own = {key: value for key, value in QUESTIONS.items() if key.startswith("_")} | {"_extensions": extensions}
    (tmp_path / "replay.json").write_text(json.dumps({"cookiecutter": {**DEFAULTS, **own, "updates": "/etc"}}))
    command = ["cookiecutter", ROOT, f"--replay-file={tmp_path / 'replay.json'}", f"--output-dir={tmp_path / 'out'}"]
    environment = {**os.environ, "HOME": str(tmp_path)}
    assert subprocess.run([*command, *options], capture_output=True, env=environment).returncode == 1
    assert not (tmp_path / "hit").exists()
    assert len(list((tmp_path / "out").rglob("*"))) == len(options) * 2


@pytest.mark.parametrize("plan", [{"new": "' + str({code}) + '"}, {"new": '" + str({code}) + "'}, "{code}"])
def test_a_replay_without_the_template_s_extension_runs_nothing(tmp_path, plan):
    """What stands beside its answers is all that is left to render hooks with."""
    code = f"__import__('os').system('touch {tmp_path / 'hit'}')"
    plan = json.loads(json.dumps(plan).replace("{code}", code))
    (tmp_path / "out").mkdir()
    own = {key: value for key, value in QUESTIONS.items() if key.startswith("_")} | {"_extensions": []}
    code, _ = replay(tmp_path, {**DEFAULTS, **own}, plan=plan, writing={"plan": plan})
    assert code == 1
    assert not (tmp_path / "hit").exists()
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("value", ["", "os.system", "jinja2.ext.do", "[]"])
def test_the_extension_cannot_be_answered(tmp_path, value):
    code, output = make(tmp_path, f"_extensions={value}")
    assert code == 1
    assert "Unable to load extension" in output or "because _extensions is not that of the template's" in output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", PRIVATE)
def test_private_defaults_of_the_user_are_ignored(bake, tmp_path, outside, name):
    config = tmp_path / "config"
    defaults = {name: planted(PRIVATE[name], tmp_path / "hit")}
    config.write_text(json.dumps({"default_context": defaults, "replay_dir": str(tmp_path / "replay")}))
    code, output = cookiecutter(ROOT, "--no-input", f"--config-file={config}", f"--output-dir={tmp_path / 'out'}")
    assert code == 0, output
    assert contents(tmp_path / "out" / "hello-service") == contents(bake().path)
    assert contents(outside) == {Path("go", "main.go"): b"theirs\n"}
    assert not (tmp_path / "hit").exists()


def test_private_values_of_cruft_are_ignored(template, bake, tmp_path):
    """Neither those that somebody hands to `cruft create` nor those that stand in .cruft.json."""
    private = {name: planted(value, tmp_path / "hit") for name, value in PRIVATE.items() if name.startswith("_")}
    code, output = run_cruft("create", template, "--no-input", f"--extra-context={json.dumps(private)}", cwd=tmp_path)
    assert code == 1
    assert "There is no question" in output
    cruft("create", template, "--no-input", cwd=tmp_path)
    service = tmp_path / "hello-service"
    context = json.loads((service / ".cruft.json").read_text())["context"]["cookiecutter"]
    follow(service, context={"cookiecutter": context | private})
    git(service, "init", "--quiet")
    commit(service, "A new service")
    cruft("update", "--skip-apply-ask", '--variables-to-update={"port": "9000"}', cwd=service)
    shutil.rmtree(service / ".git")
    (service / ".cruft.json").unlink()
    assert contents(service) == contents(bake(port="9000").path)
    assert not (tmp_path / "hit").exists()


SAID = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def portal(tmp_path_factory) -> Path:
    """A template whose cookiecutter.json each test writes."""
    return snapshot(tmp_path_factory.mktemp("portal") / "template")


@pytest.mark.parametrize("name", [name for name in NAMES if name in RULES])
def test_a_portal_that_writes_answers_into_cookiecutter_json_executes_nothing(portal, tmp_path, name):
    """As Backstage's fetch:cookiecutter does: what was answered stands there in place of the default."""
    for code in CODE:
        text = code.replace("MARKER", str(tmp_path / "hit"))
        (portal / "cookiecutter.json").write_text(json.dumps({**SAID, name: text}))
        out = tmp_path / "out"
        status, output = cookiecutter(*arguments(out, template=portal), "-f")
        assert not (tmp_path / "hit").exists(), text
        if name in ("project_name", "description"):
            assert status == 0, output
            assert text in next(out.iterdir()).joinpath("README.md").read_text()
            shutil.rmtree(out)
        else:
            assert output.startswith(f"{name} is {text!r}, but it has to be ")


def test_a_portal_may_write_every_answer_into_cookiecutter_json(portal, bake, tmp_path):
    answers = {"project_name": "Orders", "language": "python", "ci": "gitlab", "port": 9000}
    (portal / "cookiecutter.json").write_text(json.dumps({**SAID, **answers}))
    code, output = cookiecutter(*arguments(tmp_path / "out", template=portal))
    assert code == 0, output
    assert contents(tmp_path / "out" / "orders") == contents(bake(**{**answers, "port": "9000"}).path)


def test_the_name_of_the_output_folder_is_not_rendered(bake, tmp_path):
    folder = tmp_path / CODE[4].replace("MARKER", "hit").replace("/", "")
    code, output = cookiecutter(*arguments(folder))
    assert code == 0, output
    assert contents(folder / "hello-service") == contents(bake().path)


def test_defaults_of_the_user_are_text(tmp_path):
    text = CODE[4].replace("MARKER", str(tmp_path / "hit"))
    config = tmp_path / "config"
    config.write_text(json.dumps({"default_context": {"description": text}, "replay_dir": str(tmp_path / "replay")}))
    command = [ROOT, f"--config-file={config}"]
    assert cookiecutter(*command, "--no-input", f"--output-dir={tmp_path / 'first'}")[0] == 0
    assert cookiecutter(*command, "--replay", f"--output-dir={tmp_path / 'again'}")[0] == 0
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
    cruft("update", "--skip-apply-ask", cwd=service)
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
    code, output = make(folder)
    assert code == 0, output
    assert contents(folder / "hello-service") == contents(bake().path)
    # The first of the next steps works when it is pasted.
    step = re.search("^    (cd .*)$", output, re.MULTILINE)[1]
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
