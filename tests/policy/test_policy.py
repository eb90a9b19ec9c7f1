"""Whatever comes out passes the policies that companies check for: of Dockerfiles, workflows, manifests, YAML.

It downloads large programs, so it runs when it is named: python3 run.py pytest tests/policy
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from support.services import COMBINATIONS, LANGUAGES, QUESTIONS, ROOT, Service
from support.template import commit, git
from support.tools import POLICY, TOOLS, python_tool

# All of it in one process: two would download the same at the same time.
pytestmark = pytest.mark.xdist_group("policy")


def command_of(name: str) -> list[str]:
    """Return the command that runs a program, at the version that tools.toml names."""
    if name in TOOLS["npm"]:
        # No script of a package is run: what they would compile is not needed for checking a configuration.
        options = ["--yes", "--ignore-scripts", f"--before={TOOLS['before']}", f"--package={TOOLS['npm'][name]}"]
        return [*python_tool("npm"), "exec", *options, "--", name]
    if name in TOOLS["go"]:
        return [*python_tool("go"), "run", TOOLS["go"][name]]
    return python_tool(name)


@pytest.fixture(scope="session")
def tool():
    """Run a policy tool by its name: `tool("zizmor", "--offline", folder)`; what it printed on stdout is returned."""
    environment = {**os.environ, "LOG_LEVEL": "error", "GOTOOLCHAIN": "local"}

    def tool(name: str, *arguments: object, **options) -> str:
        command = [str(word) for word in (*command_of(name), *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, **options)
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}"
        return done.stdout

    return tool


@pytest.fixture(scope="module")
def services(bake, tmp_path_factory) -> Path:
    """A folder of services: every combination with every pipeline; of files that several have in common, one copy."""
    tree = tmp_path_factory.mktemp("services")
    seen = set()
    for (language, base), ci in itertools.product(COMBINATIONS, QUESTIONS["ci"]):
        # The pipeline `none` has no file of its own, so that the other updates get their turn with it.
        updates = QUESTIONS["updates"][ci == "none"]
        service = bake(language=language, runtime_base=base, ci=ci, updates=updates)
        for name in service.files():
            content = (service.path / name).read_bytes()
            if (name, content) not in seen:
                seen.add((name, content))
                copy = tree / "-".join((language, base, ci, updates)) / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
    return tree


@pytest.fixture(scope="module")
def files(services):
    """Find files by pattern, in the services and in this repository itself: `files(".github/workflows/*.yaml")`."""

    def files(pattern: str) -> list[Path]:
        matching = [*services.glob(f"*/{pattern}"), *ROOT.glob(pattern)]
        assert matching, pattern
        return matching

    return files


def test_checkov_has_nothing_to_say(tool, services):
    frameworks = ["dockerfile", "github_actions", "gitlab_ci", "kubernetes"]
    tool("checkov", "--quiet", "--compact", "--skip-download", "--directory", services, "--framework", *frameworks)


def test_zizmor_has_nothing_to_say(tool, files):
    workflows = [*files(".github/workflows/*.yaml"), *files(".github/dependabot.yml")]
    tool("zizmor", "--offline", "--quiet", "--persona=auditor", *workflows)


def test_actionlint_has_nothing_to_say(tool, files):
    tool("actionlint", *files(".github/workflows/*.yaml"))


def test_yamllint_has_nothing_to_say(tool, services, files):
    config = POLICY / "yamllint.yaml"
    names = [
        "*.yaml",
        ".*.yml",
        ".*.yaml",
        "deploy/*.yaml",
        ".github/*.yml",
        ".github/*/*.yml",
        ".github/workflows/*.yaml",
    ]
    tool("yamllint", "--strict", f"--config-file={config}", *(file for name in names for file in files(name)))


@pytest.mark.parametrize(
    ("schema", "pattern", "options"),
    [
        ("compose-spec", "compose*.yaml", []),
        ("dependabot", ".github/dependabot.yml", []),
        ("github-workflows", ".github/workflows/*.yaml", []),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml", []),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml", []),
        ("gitlab-ci", ".gitlab-ci.yml", ["--data-transform=gitlab-ci"]),
        ("renovate", "renovate.json", []),
    ],
)
def test_files_are_as_their_schemas_want_them(tool, files, schema, pattern, options):
    tool("check-jsonschema", f"--builtin-schema=vendor.{schema}", *options, *files(pattern))


def test_renovate_accepts_its_configuration(tool, files):
    tool("renovate-config-validator", "--strict", "--no-global", *files("renovate.json"))


# By Renovate's manager, file and name.
FRESH = {
    "go": [("dockerfile", "Dockerfile", "golang"), ("regex", "Dockerfile", "alpine"), ("gomod", "go.mod", "go")],
    "node": [
        ("dockerfile", "Dockerfile", "node"),
        ("npm", "package.json", "fastify"),
        ("regex", "docker-bake.hcl", "busybox"),
    ],
    "python": [
        ("dockerfile", "Dockerfile", "python"),
        ("dockerfile", "Dockerfile", "ghcr.io/astral-sh/uv"),
        ("pip-compile", "pyproject.toml", "fastapi"),
    ],
    "java": [
        ("dockerfile", "Dockerfile", "maven"),
        ("maven", "pom.xml", "org.eclipse.jetty:jetty-bom"),
    ],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_renovate_finds_whatever_has_a_version(tool, bake, tmp_path, language):
    """Asked of Renovate itself, which needs no network to say what it would look up."""
    service = bake(language=language, runtime_base="alpine" if language == "go" else "distroless")
    folder = shutil.copytree(service.path, tmp_path / "service")
    git(folder, "init", "--quiet")
    commit(folder, "A new service")
    report = tmp_path / "report.json"
    options = ["--platform=local", "--dry-run=extract", "--report-type=file", f"--report-path={report}"]
    tool("renovate", *options, cwd=folder)
    found = {
        (manager, package_file["packageFile"], dependency["depName"])
        for repository in json.loads(report.read_text())["repositories"].values()
        for manager, package_files in repository["packageFiles"].items()
        for package_file in package_files
        for dependency in package_file["deps"]
        if dependency.get("depName")
    }
    assert found >= {
        ("dockerfile", "Dockerfile", "docker/dockerfile"),
        ("regex", "docker-bake.hcl", "docker/buildkit-syft-scanner"),
        ("regex", ".github/workflows/release.yaml", "anchore/grype"),
        ("regex", ".github/workflows/release.yaml", "moby/buildkit"),
        ("github-actions", ".github/workflows/ci.yaml", "actions/checkout"),
        ("regex", ".github/workflows/release.yaml", "ghcr.io/sigstore/cosign/cosign"),
        *FRESH[language],
    }


def test_kubernetes_accepts_the_manifests(tool, files):
    tool("kubernetes-validate", "--strict", *(file for file in files("deploy/*.yaml") if not file.match("kustom*")))


def kustomized(tool, service) -> str:
    """Return the manifests of a service as `kubectl apply --kustomize deploy` would send them."""
    return tool("kustomize", "build", service.path / "deploy")


# A long name, a name that no Service may have; of each language the memory.
NAMED = [*((language, "hello-service") for language in LANGUAGES), ("go", "9" * 63), ("go", f"0-{'a-' * 30}b")]


@pytest.mark.parametrize(("language", "name"), NAMED)
def test_kube_score_has_nothing_to_say(tool, bake, tmp_path, language, name):
    """What it is told not to look for has its reason in the manifest; `--kubernetes-version` as clusters have it."""
    (tmp_path / "manifests.yaml").write_text(kustomized(tool, bake(language=language, project_slug=name)))
    optional = ("container-memory-requests-equal-limits", "container-ephemeral-storage-request-equals-limit")
    options = [f"--enable-optional-test={test}" for test in (*optional, "container-seccomp-profile")]
    tool(
        "kube-score",
        "score",
        "--exit-one-on-warning",
        "--kubernetes-version=v1.34",
        *options,
        tmp_path / "manifests.yaml",
    )


def test_kustomize_sets_the_digest_that_was_released(tool, bake, tmp_path):
    """The command is the one of the README."""
    service = Service(shutil.copytree(bake().path, tmp_path / "service"), "go", "distroless")
    digest = f"sha256:{'5' * 64}"
    command = re.search(r"kustomize (edit set image \S+@)sha256:", service.read("README.md"))[1]
    tool("kustomize", *f"{command}{digest}".split(), cwd=service.path / "deploy")
    assert f"image: ghcr.io/acme/hello-service@{digest}\n" in kustomized(tool, service)


def test_kubernetes_accepts_the_policy_for_outbound_traffic(tool, bake, tmp_path):
    """It is there in comments; uncommented it allows DNS and what is named."""
    *_, deny, allow = bake().read("deploy/deployment.yaml").split("---\n")
    text = re.sub(r"^( +)# ( *(?:- |[a-z][\w./-]*:))", r"\1\2", f"{deny}---\n{allow}", flags=re.MULTILINE)
    (tmp_path / "policies.yaml").write_text(text)
    tool("kubernetes-validate", "--strict", tmp_path / "policies.yaml")
    deny, allow = yaml.safe_load_all(text)
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    dns, *named = allow["spec"]["egress"]
    assert {(port["protocol"], port["port"]) for port in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert all(rule["to"] for rule in named)


SUPPRESSIONS = re.compile(
    r"hadolint ignore|shellcheck disable|checkov[.:]|zizmor: ignore|yamllint disable|# noqa|# nosec|type: ignore"
    r"|//nolint|biome-ignore|@SuppressWarnings|#nosec"
)


def test_every_suppression_has_its_reason(services):
    """On its line after the rule's name, or in a comment on the line above."""
    bare = []
    for file in services.rglob("*"):
        lines = file.read_text().splitlines() if file.is_file() else []
        for above, line in itertools.pairwise(["", *lines]):
            said = SUPPRESSIONS.search(line)
            reason = said and (above.lstrip().startswith(("#", "//", "*")) or len(line[said.end() :].split()) > 2)
            if said and not reason:
                bare.append(f"{file.relative_to(services)}: {line.strip()}")
    assert not bare


def test_actions_are_pinned_to_commits(files):
    for workflow in files(".github/workflows/*.yaml"):
        for line in workflow.read_text().splitlines():
            if "uses:" in line:
                assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), f"{workflow}: {line}"
