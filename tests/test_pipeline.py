"""The answers to `ci`, `updates` and `base_registry`: what they bring, and that they leave no trace of the others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
import yaml
from support import pipelines
from support.answers import image_of, source_of
from support.engine import EngineError
from support.services import QUESTIONS, expected_files
from support.template import commit, git

ANSWERS = [
    (ci, updates)
    for ci in QUESTIONS["ci"]
    for updates in QUESTIONS["updates"]
    if ci in QUESTIONS["_only_with"]["updates"].get(updates, {}).get("ci", [ci])
]
TRACES = {
    "github": rf"{re.escape(image_of(ci='github'))}|\bGitHub\b|\.github\b|GITHUB_",
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
        assert each["RUNNER"].endswith(each["ARCHITECTURE"])


def test_nothing_is_tagged_before_it_is_verified(workflows, bake):
    steps = [step.get("run", step.get("uses")) for step in workflows["release"]["jobs"]["image"]["steps"]]
    assert_in_order(steps, ["bake.sh check", "bake.sh test", "bake.sh release", "check-image.sh", "--fail-on high"])
    assert workflows["release"]["jobs"]["publish"]["needs"] == "image"
    pipeline = yaml.safe_load(bake(ci="gitlab").read(".gitlab-ci.yml"))
    assert_in_order(
        pipeline["release"]["script"],
        ["bake.sh check", "bake.sh test", "bake.sh release", "check-image.sh", "$SCAN"],
    )
    assert "--fail-on high" in pipeline["variables"]["SCAN"]
    assert pipeline["stages"].index(pipeline["publish"]["stage"]) > pipeline["stages"].index("verify")


def assert_in_order(steps: list[str], wanted: list[str]) -> None:
    places = [next(place for place, step in enumerate(steps) if want in step) for want in wanted]
    assert places == sorted(places)


def test_a_release_reads_no_layers_that_another_build_has_cached(workflows, bake):
    """Who may propose a change may not decide what a release is made of."""
    gitlab = yaml.safe_load(bake(ci="gitlab").read(".gitlab-ci.yml"))
    for reader, writer in (
        (workflows["ci"], workflows["release"]),
        (gitlab["verify"], [gitlab["release"], gitlab[".release"], gitlab[".each-architecture"], gitlab["variables"]]),
    ):
        assert "CACHE_FROM" in yaml.dump(reader)
        assert "CACHE_TO" not in yaml.dump(reader)
        assert "CACHE_TO" in yaml.dump(writer)
        assert "CACHE_FROM" not in yaml.dump(writer)


def test_code_of_others_runs_without_a_secret_and_may_write_nothing(workflows):
    """Of the template, which an update runs, and of the packages that do so; they are installed by their hashes."""
    jobs = {name: job for name, job in workflows["weekly"]["jobs"].items() if "cruft update" in yaml.dump(job)}
    assert list(jobs) == ["render"]
    assert jobs["render"]["permissions"] == {"contents": "read"}
    assert "secrets." not in yaml.dump(jobs)
    assert "github.token" not in yaml.dump(jobs)
    assert "--require-hashes" in yaml.dump(jobs)
    for job in workflows["weekly"]["jobs"].values():
        assert "secrets." not in yaml.dump(job) or job["environment"] == "template"


def test_what_renders_the_template_is_locked(bake, tmp_path):
    """All of it, with hashes, for the Python and the machine that the workflow names."""
    service = bake(ci="github")
    target = [f"--target={tmp_path / 'site'}", "--python-version=3.12", "--python-platform=x86_64-manylinux_2_28"]
    options = ["--quiet", "--require-hashes", "--only-binary=:all:", *target]
    done = subprocess.run(
        ["uv", "pip", "install", *options, "--requirement", service.path / ".github" / "cruft.txt"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "cruft").is_dir()


def scripts(workflows, bake) -> dict[str, str]:
    """Return what checks that a release is of the default branch, by pipeline."""
    github = [step.get("run", "") for step in workflows["release"]["jobs"]["image"]["steps"]]
    gitlab = yaml.safe_load(bake(ci="gitlab").read(".gitlab-ci.yml"))["release"]["script"]
    found = {"github": [line for line in github if "merge-base" in line]}
    found["gitlab"] = [line for line in gitlab if "merge-base" in line or "git fetch" in line]
    return {name: "\n".join(lines) for name, lines in found.items()}


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_a_version_is_released_from_the_default_branch_only(workflows, bake, tmp_path, ci):
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "origin")
    origin = tmp_path / "origin"
    for name in ("first", "second"):
        (origin / name).touch()
        commit(origin, name)
    git(origin, "switch", "--quiet", "--create", "feature", "HEAD~")
    (origin / "third").touch()
    commit(origin, "never reviewed")
    git(origin, "tag", "v9.9.9")
    git(tmp_path, "clone", "--quiet", "origin", "runner")

    def passes(revision: str) -> bool:
        sha = git(tmp_path / "runner", "rev-parse", revision)
        env = {**os.environ, "GITHUB_SHA": sha, "CI_COMMIT_SHA": sha, "CI_DEFAULT_BRANCH": "main"}
        script = ["bash", "-e", "-c", scripts(workflows, bake)[ci]]
        return subprocess.run(script, cwd=tmp_path / "runner", env=env, capture_output=True).returncode == 0

    assert passes("origin/main")
    assert passes("origin/main~")
    assert not passes("v9.9.9")


# Where the pipelines' own signatures come from: https://docs.sigstore.dev/certificate_authority/oidc-in-fulcio
IDENTITIES = {
    "github": f"{source_of(ci='github')}/.github/workflows/release.yaml@refs/heads/main",
    "gitlab": f"{source_of(ci='gitlab')}//.gitlab-ci.yml@refs/heads/main",
}


@pytest.mark.parametrize("ci", IDENTITIES)
def test_one_identity_is_accepted_as_the_signer(bake, ci):
    """Exact, not a pattern: neither another workflow, another branch, nor a repository of a similar name."""
    readme = bake(ci=ci).read("README.md")
    assert re.findall(r"--certificate-identity\S* (\S+)", readme) == [IDENTITIES[ci]]
    assert "--certificate-identity-regexp" not in readme
    path = re.sub(r".*hello-service//?", "", IDENTITIES[ci]).partition("@")[0]
    assert "cosign sign" in bake(ci=ci).read(path)


@pytest.mark.parametrize("ci", IDENTITIES)
def test_what_was_not_signed_is_not_tagged(bake, registry, tmp_path, ci):
    """The pipelines' own scripts, against a real registry; tests/policy/test_signatures.py has a signer that signs."""
    (tmp_path / "cosign").symlink_to(shutil.which("false"))
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert pipelines.publish(bake(ci=ci), f"{registry}/acme/{ci}", tmp_path, environment).returncode != 0
    assert pipelines.raw(f"{registry}/acme/{ci}:{pipelines.COMMIT}")
    with pytest.raises(EngineError):
        pipelines.raw(f"{registry}/acme/{ci}:main")


def test_each_job_has_a_builder_of_its_own(workflows, bake):
    """What a pull request runs cannot write what a release reads, even if it changes the Dockerfile and its caches."""
    for workflow in (workflows["ci"], workflows["release"]):
        for job in workflow["jobs"].values():
            uses = [step.get("uses", step.get("run", "")) for step in job["steps"]]
            if "bake.sh" in str(uses):
                assert_in_order(uses, ["docker/setup-buildx-action@", "bake.sh"])
            # A machine of GitHub's own is new for each job; nothing is carried from one to the next.
            runners = {
                job["runs-on"],
                *(each["runner"] for each in job.get("strategy", {"matrix": {"include": []}})["matrix"]["include"]),
            }
            assert runners - {"${{ matrix.runner }}"} <= {*PINNED}
            assert "actions/cache" not in str(uses)
    gitlab = yaml.safe_load(bake(ci="gitlab").read(".gitlab-ci.yml"))
    assert "dind" in gitlab["default"]["services"][0]
    assert any("docker buildx create --use" in line for line in gitlab["default"]["before_script"])
    assert not [name for name, job in gitlab.items() if name == "cache" or (isinstance(job, dict) and "cache" in job)]
    for name in ("github", "gitlab"):
        for file in (file for file in bake(ci=name).files() if file.endswith((".yaml", ".yml", ".hcl"))):
            assert "type=gha" not in bake(ci=name).read(file)


def test_what_was_released_is_scanned_again(workflows, bake):
    assert workflows["weekly"][True]["schedule"]  # yaml reads `on` as true
    scan = workflows["weekly"]["jobs"]["scan"]
    assert scan["permissions"] == {"contents": "read", "packages": "read", "issues": "write"}
    gitlab = yaml.safe_load(bake(ci="gitlab").read(".gitlab-ci.yml"))
    assert gitlab["scan"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
    assert all("schedule" in rule["if"] and "!=" in rule["if"] for rule in gitlab[".release"]["rules"])


@pytest.mark.parametrize("vulnerable", [True, False])
def test_the_result_of_a_scan_is_an_issue(workflows, tmp_path, vulnerable):
    """The script as it is, with programs in place of docker and gh that record how they are called."""
    (tmp_path / "docker").write_text(f'#!/bin/sh\n[ "$1" != run ] || {{ echo CVE-1; exit {int(vulnerable)}; }}\n')
    (tmp_path / "gh").write_text(f'#!/bin/sh\n[ "$2" = list ] || echo "$@" >>{tmp_path / "log"}\n')
    for name in ("docker", "gh"):
        (tmp_path / name).chmod(0o755)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "A release")
    git(tmp_path, "tag", "v1.9.0")
    git(tmp_path, "tag", "v1.10.0")
    script = workflows["weekly"]["jobs"]["scan"]["steps"][-1]["run"]
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "IMAGE": "i", "GRYPE": "g"}
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if vulnerable:
        assert "issue create" in (tmp_path / "log").read_text()
        assert re.findall(r"## (\S+)", (tmp_path / "body.md").read_text()) == ["i:main", "i:v1.10.0"]
    else:
        assert not (tmp_path / "log").exists()
