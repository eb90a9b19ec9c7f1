"""The answers to `ci`, `updates` and `base_registry`: what they bring, and that they leave no trace of the others."""

from __future__ import annotations

import re

import pytest
import yaml
from support.services import QUESTIONS, expected_files

ANSWERS = [
    (ci, updates)
    for ci in QUESTIONS["ci"]
    for updates in QUESTIONS["updates"]
    if ci in QUESTIONS["_only_with"]["updates"].get(updates, {}).get("ci", [ci])
]
TRACES = {
    "github": r"\bghcr\.io/acme|\bGitHub\b|\.github\b|GITHUB_",
    "gitlab": r"gitlab|\bCI_[A-Z]+_",
    "renovate": r"renovate",
    "dependabot": r"dependabot",
}
PINNED = {"ubuntu-24.04": "amd64", "ubuntu-24.04-arm": "arm64"}


@pytest.mark.parametrize(("ci", "updates"), ANSWERS)
def test_a_choice_brings_its_files_and_no_trace_of_the_others(bake, ci, updates):
    service = bake(ci=ci, updates=updates)
    assert service.files() == expected_files(language=service.language, ci=ci, updates=updates)

    chosen = {ci, updates, "github" if updates == "dependabot" else ""}
    others = "|".join(trace for choice, trace in TRACES.items() if choice not in chosen)
    # Where a Go module or the sources are, no pipeline decides; .dockerignore keeps out what any pipeline may need.
    lines = [
        f"{name}: {line}" for name in service.files() - {".dockerignore"} for line in service.read(name).splitlines()
    ]
    assert not [line for line in lines if re.search(others, line) and "://github.com/" not in line]


@pytest.fixture(scope="module")
def workflows(bake):
    service = bake(ci="github")
    folder = service.path / ".github" / "workflows"
    return {path.stem: yaml.safe_load(path.read_text()) for path in folder.iterdir()}


def test_no_workflow_has_a_right_that_its_job_does_not_name(workflows):
    assert all(workflow["permissions"] == {} for workflow in workflows.values())
    assert all("permissions" in job for workflow in workflows.values() for job in workflow["jobs"].values())


def test_a_pull_request_may_write_nothing(workflows):
    jobs = workflows["ci"]["jobs"].values()
    assert {right for job in jobs for right in job["permissions"].values()} == {"read"}


def test_only_the_job_that_signs_may_sign(workflows):
    jobs = {(name, key): job for name, workflow in workflows.items() for key, job in workflow["jobs"].items()}
    assert [key for key, job in jobs.items() if "id-token" in job["permissions"]] == [("release", "publish")]
    signing = [key for key, job in jobs.items() if "cosign sign" in yaml.dump(job)]
    assert signing == [("release", "publish")]


def test_each_architecture_is_built_on_a_machine_of_its_kind(workflows, bake):
    for job in (workflows["ci"]["jobs"]["verify"], workflows["release"]["jobs"]["image"]):
        assert {each["runner"]: each["arch"] for each in job["strategy"]["matrix"]["include"]} == PINNED
    pipeline = yaml.safe_load(bake(ci="gitlab").read(".gitlab-ci.yml"))
    for each in pipeline[".each-architecture"]["parallel"]["matrix"]:
        assert each["RUNNER"].endswith(each["CACHE"])


def test_nothing_is_tagged_before_it_is_verified(workflows, bake):
    steps = [step.get("run", step.get("uses")) for step in workflows["release"]["jobs"]["image"]["steps"]]
    assert_in_order(
        steps, ["bake.sh check", "bake.sh test", "bake.sh release", "check-image.sh", "anchore/scan-action"]
    )
    assert workflows["release"]["jobs"]["publish"]["needs"] == "image"
    pipeline = yaml.safe_load(bake(ci="gitlab").read(".gitlab-ci.yml"))
    assert_in_order(
        pipeline["release"]["script"],
        ["bake.sh check", "bake.sh test", "bake.sh release", "check-image.sh", "--fail-on high"],
    )
    assert pipeline["stages"].index(pipeline["publish"]["stage"]) > pipeline["stages"].index("verify")


def assert_in_order(steps: list[str], wanted: list[str]) -> None:
    places = [next(place for place, step in enumerate(steps) if want in step) for want in wanted]
    assert places == sorted(places)
