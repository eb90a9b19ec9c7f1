"""A bad answer is refused in a sentence that says what is valid, and nothing is left behind."""

from __future__ import annotations

import json

import pytest
from support.answers import BAD, CHOICES, GOOD, NAMES, RULES, arguments, cookiecutter, make, refusals
from support.files import contents
from support.services import QUESTIONS, ROOT


def sentence(name: str, value: str) -> str:
    """Return what is said to a bad text."""
    return f"{name} is {value!r}, but it has to be {RULES[name]['rule']}. For example: {name}={RULES[name]['example']}"


@pytest.fixture
def refused(tmp_path):
    """Call cookiecutter with answers; return what it says, for it has to refuse and to leave nothing."""

    def refused(*answers: str) -> str:
        code, output = cookiecutter(*arguments(tmp_path / "out", *answers))
        assert code == 1, output
        assert not (tmp_path / "out").exists()
        return output

    return refused


@pytest.fixture
def replay(tmp_path):
    """Make a service of a recorded one in which some values were changed; return the exit code and what is printed."""

    def replay(change, *options: str) -> tuple[int, str]:
        config = tmp_path / "config"
        config.write_text(f"replay_dir: {tmp_path / 'replay'}\n")
        command = [ROOT, f"--config-file={config}"]
        assert cookiecutter(*command, "--no-input", f"--output-dir={tmp_path / 'recorded'}")[0] == 0
        (recorded,) = (tmp_path / "replay").iterdir()
        record = json.loads(recorded.read_text())
        change(record["cookiecutter"])
        (tmp_path / "changed.json").write_text(json.dumps(record))
        return cookiecutter(
            *command,
            f"--replay-file={tmp_path / 'changed.json'}",
            f"--output-dir={tmp_path / 'out'}",
            *options,
            typed="\n",  # cookiecutter asks for what is missing
        )

    return replay


def test_every_rule_is_tried():
    assert BAD.keys() == GOOD.keys() == RULES.keys()


def test_every_example_in_a_rule_is_accepted():
    assert not refusals(**{name: rule["example"] for name, rule in RULES.items()})


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_refused(name):
    for value in BAD[name]:
        assert refusals(**{name: value}) == [sentence(name, value)]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_answer_is_accepted(name):
    for value in GOOD[name]:
        assert not refusals(**{name: value})


@pytest.mark.parametrize("value", [None, True, 1.5, [], ["go"], ["acme"], {}, {"go": "go"}, {"a": {"b": "c"}}])
@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_is_not_text_is_refused(name, value):
    (said,) = refusals(**{name: value})
    assert said.startswith(f"{name} is {json.dumps(value)}, but it has to be ")


def test_a_very_long_answer_is_not_repeated_in_full():
    (said,) = refusals(owner="x" * 1_000_000)
    assert "(1000002 characters)" in said
    assert len(said) < 1000


def test_a_refusal_is_a_sentence_and_nothing_else(tmp_path):
    """End to end, as all that a person sees."""
    assert make(tmp_path, "port=80") == (1, sentence("port", "80") + "\n")
    assert make(tmp_path, "language=pyton") == (
        1,
        "language is 'pyton', but it has to be go, node, python or java. Did you mean python?\n",
    )
    assert not list(tmp_path.iterdir())


def test_several_bad_answers_are_named_together(refused):
    assert refused("port=80", "owner=Acme") == f"{sentence('owner', 'Acme')}\n{sentence('port', '80')}\n"


def test_choices_that_exclude_each_other_are_refused(refused):
    assert (
        refused("ci=gitlab", "updates=dependabot") == "updates=dependabot makes sense only with ci=github or ci=none.\n"
    )


@pytest.mark.parametrize(
    "value", ["", "nothing", "..", "/etc", "GO", "g\u043e", "go ", "go/../..", "{{ 1 }}", "github,none"]
)
@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_one_of_its_options(refused, name, value):
    *options, last = QUESTIONS[name]
    assert refused(f"{name}={value}").startswith(
        f"{name} is {value!r}, but it has to be {', '.join(options)} or {last}."
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("langage=go", "language"), ("runtime-base=scratch", "runtime_base"), ("slug=a", ""), ("Port=8080", "port")],
)
def test_an_unknown_question_is_refused(refused, typed, meant):
    name = typed.partition("=")[0]
    nearest = f" Did you mean {meant}?" if meant else ""
    assert refused(typed) == f"There is no question {name!r}.{nearest} The questions are {', '.join(NAMES)}.\n"


@pytest.mark.parametrize(
    "name",
    [*(name for name in QUESTIONS if name[0] == "_" and name != "_extensions"), "__source", "_x", "_jinja2_env_vars"],
)
def test_a_private_value_is_not_a_question(refused, name):
    assert f"There is no question {name!r}." in refused(f"{name}=x")


@pytest.mark.parametrize("name", CHOICES)
def test_the_nearest_option_is_named(refused, name):
    for option in QUESTIONS[name]:
        assert f"Did you mean {option}?" in refused(f"{name}={option}x")


@pytest.mark.parametrize("value", [["go"], {"go": "go"}, None, True, "..", "{{ 1 }}"])
@pytest.mark.parametrize("name", ["language", "owner", "project_slug"])
def test_a_default_of_the_user_is_checked_as_well(tmp_path, name, value):
    config = tmp_path / "config"
    config.write_text(json.dumps({"default_context": {name: value}, "replay_dir": str(tmp_path / "replay")}))
    code, output = cookiecutter(ROOT, "--no-input", f"--config-file={config}", f"--output-dir={tmp_path / 'out'}")
    assert code == 1
    assert output.startswith(f"{name} is ")
    assert not (tmp_path / "out").exists()
    assert not list((tmp_path / "replay").glob("*"))


def test_a_default_of_the_user_may_be_a_number(tmp_path):
    config = tmp_path / "config"
    config.write_text(json.dumps({"default_context": {"port": 9000}, "replay_dir": str(tmp_path / "replay")}))
    code, output = cookiecutter(ROOT, "--no-input", f"--config-file={config}", f"--output-dir={tmp_path / 'out'}")
    assert code == 0, output
    assert "ENV PORT=9000" in (tmp_path / "out" / "hello-service" / "Dockerfile").read_text()


@pytest.mark.parametrize("value", [*BAD["port"], None, True, [], {}, "0" * 100_000])
def test_a_replayed_answer_is_checked_as_well(replay, tmp_path, value):
    code, output = replay(lambda answers: answers.update(port=value))
    assert code == 1
    assert output.startswith("port is ")
    assert output.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", ["..", "/abs/folder", "nothing", ["go"], {"go": {}}, None, False])
def test_a_replayed_choice_is_one_of_its_options(replay, tmp_path, name, value):
    code, output = replay(lambda answers: answers.update({name: value}))
    assert code == 1
    assert output.startswith(f"{name} is ")
    assert output.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_unknown_question_in_a_replay_is_refused(replay, tmp_path):
    code, output = replay(lambda answers: answers.update(langage=answers.pop("language")))
    assert code == 1
    assert "There is no question 'langage'. Did you mean language?" in output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("how", ["--accept-hooks=no", "--accept-hooks=ask"])
def test_without_hooks_nothing_is_made(tmp_path, how):
    command = [*arguments(tmp_path / "out"), how]
    code, output = cookiecutter(*command)
    assert code == 1
    assert "hooks" in output
    assert not (tmp_path / "out").exists()


def test_an_existing_folder_is_left_as_it_is(tmp_path):
    (tmp_path / "hello-service").mkdir()
    (tmp_path / "hello-service" / "main.go").write_text("mine\n")
    before = contents(tmp_path)
    code, output = cookiecutter(*arguments(tmp_path))
    assert code == 1
    assert output.startswith(f"{tmp_path / 'hello-service'} already exists. Choose another project_slug, or add -f")
    assert contents(tmp_path) == before
