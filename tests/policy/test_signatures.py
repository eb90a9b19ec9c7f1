"""What a release is signed with, and who verifies it: cosign and Fulcio as they are, the pipelines' own scripts.

The first run on a machine compiles both. Only Sigstore's logs are missing: nothing is said of when, all of who.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from support import pipelines, sigstore
from support.engine import EngineError
from support.services import ROOT, Service
from support.tools import TOOLS, python_tool

pytestmark = pytest.mark.xdist_group("policy")

PIPELINES = ["github", "gitlab"]
RELEASED = {
    "github": "acme/hello-service/.github/workflows/release.yaml@refs/heads/main",
    "gitlab": "acme/hello-service//.gitlab-ci.yml@refs/heads/main",
}
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"


@pytest.fixture(scope="module")
def signing(tmp_path_factory, authority):
    """What signs and what vouches for identities, at the versions that tools.toml names, and what they need."""
    programs = tmp_path_factory.mktemp("programs")
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOBIN": str(programs), "CGO_ENABLED": "0"}
    for name in ("cosign", "fulcio"):
        subprocess.run(
            [*python_tool("go"), "install", "-ldflags=-s -w", TOOLS["go"][name]], env=environment, check=True
        )
    download = [*python_tool("go"), "mod", "download", "-json", TOOLS["go"]["fulcio"]]
    module = subprocess.run(download, env=environment, check=True, capture_output=True, text=True).stdout
    identities = Path(json.loads(module)["Dir"], "config", "identity", "config.yaml")
    with sigstore.running(programs, identities, authority, tmp_path_factory.mktemp("fulcio")) as signing:
        yield signing


def verification(service: Service, image: str, version: str = "") -> list[str]:
    """Return the arguments that the service's README tells people to verify the released `image` with."""
    shown = re.search(r"^(cosign verify .*?)\n```", service.read("README.md"), re.MULTILINE | re.DOTALL)[1]
    words = shlex.split(shown.replace("\\\n", " "))[1:]
    assert words[1].endswith("/acme/hello-service:main")
    if version:  # docs/services/pipeline.md
        assert words[-1].endswith("@refs/heads/main")
        words[-1] = words[-1].replace("@refs/heads/main", f"@refs/tags/{version}")
    return [words[0], image, *words[2:]]


@pytest.fixture(scope="module", params=PIPELINES)
def released(request, bake, registry, signing, tmp_path_factory):
    """A service, and the image that its pipeline has released."""
    service = bake(ci=request.param)
    image = f"{registry}/{request.param}/hello-service"
    environment = signing.environment(sigstore.claims(request.param, RELEASED[request.param]))
    done = pipelines.publish(service, image, tmp_path_factory.mktemp(request.param), environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return service, image


def test_the_command_of_the_readme_verifies_what_was_released(signing, released):
    """The tag, and the image of each architecture, which is what a cluster may be told to run."""
    service, image = released
    index = json.loads(pipelines.raw(f"{image}:main"))
    for name in (f"{image}:main", *(f"{image}@{each['digest']}" for each in index["manifests"])):
        done = signing.cosign(*verification(service, name))
        assert done.returncode == 0, done.stderr


def test_what_was_released_is_what_was_verified(released):
    _, image = released
    index = json.loads(pipelines.raw(f"{image}:main"))
    built = [json.loads(pipelines.raw(f"{image}:verified-{each}"))["manifests"] for each in ("amd64", "arm64")]
    assert [each["digest"] for each in index["manifests"]] == [each["digest"] for one in built for each in one]
    assert pipelines.raw(f"{image}:{pipelines.COMMIT}") == pipelines.raw(f"{image}:main")


def test_the_tests_that_were_passed_are_attested(signing, released):
    service, image = released
    _, name, *who = verification(service, f"{image}:main")
    done = signing.cosign("verify-attestation", name, *who, f"--type={TEST_RESULT}")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    statement = json.loads(base64.b64decode(json.loads(line)["payload"]))
    assert statement["predicateType"] == TEST_RESULT
    assert statement["subject"][0]["digest"]["sha256"] == pipelines.digest_of(name).removeprefix("sha256:")
    assert statement["predicate"]["result"] == "PASSED"
    assert statement["predicate"]["configuration"][0]["digest"] == {"gitCommit": pipelines.COMMIT}
    assert {"bake check", "bake test", "check-image.sh"} <= {*statement["predicate"]["passedTests"]}


def signed(signing, registry: str, name: str, folder: Path, claims: dict[str, str]) -> str:
    """Return an image that a job with these claims has signed, in a repository of its own, and attested."""
    image = f"{registry}/signed/{name}"
    digest = f"{image}@{pipelines.push(folder, f'{image}:main')}"
    (folder / "tests.json").write_text('{"result": "PASSED"}')
    attest = ["attest", "--yes", f"--type={TEST_RESULT}", f"--predicate={folder / 'tests.json'}"]
    for command in (["sign", "--yes"], attest):
        done = signing.cosign(*command, digest, claims=claims)
        assert done.returncode == 0, done.stderr
    return f"{image}:main"


@pytest.mark.parametrize("ci", PIPELINES)
def test_a_version_has_the_identity_of_its_tag(signing, bake, registry, tmp_path, ci):
    claims = sigstore.claims(ci, RELEASED[ci].replace("heads/main", "tags/v1.2.3"))
    image = signed(signing, registry, f"version-{ci}", tmp_path, claims)
    assert signing.cosign(*verification(bake(ci=ci), image, "v1.2.3")).returncode == 0
    assert signing.cosign(*verification(bake(ci=ci), image)).returncode != 0
    assert signing.cosign(*verification(bake(ci=ci), image, "v1.2.30")).returncode != 0


# Jobs that are not that of a release, and names that a pattern would take for its name.
OTHERS = {
    "github": [
        ("another workflow", "release.yaml", "ci.yaml"),
        ("a workflow in another folder", ".github/workflows/release", ".github/workflows/x/release"),
        ("any letter for a dot", ".github", "xgithub"),
        ("any letter for the second dot", "release.yaml", "release-yaml"),
        ("another branch", "heads/main", "heads/feature"),
        ("a longer branch", "heads/main", "heads/main-2"),
        ("a tag", "heads/main", "tags/main"),
        ("a pull request", "heads/main", "pull/7/merge"),
        ("a longer repository", "acme/hello-service", "acme/hello-service-2"),
        ("another owner", "acme/", "evil/acme/"),
        ("letters of another case", "acme/hello", "Acme/Hello"),
    ],
    "gitlab": [
        ("another file", ".gitlab-ci.yml", "ci/release.yml"),
        ("any letter for a dot", "//.gitlab-ci.yml", "//xgitlab-ci.yml"),
        ("any letter for the second dot", "ci.yml", "ci-yml"),
        ("another branch", "heads/main", "heads/feature"),
        ("a longer branch", "heads/main", "heads/main-2"),
        ("a merge request", "heads/main", "merge-requests/7/head"),
        ("a longer project", "hello-service//", "hello-service-2//"),
        ("a subgroup of that name", "acme/", "evil/acme/"),
    ],
}


@pytest.mark.parametrize(
    ("ci", "other"), [pytest.param(ci, other, id=f"{ci}: {other[0]}") for ci in PIPELINES for other in OTHERS[ci]]
)
def test_nobody_else_is_accepted(signing, bake, registry, tmp_path, ci, other):
    description, part, instead = other
    assert part in RELEASED[ci]
    claims = sigstore.claims(ci, RELEASED[ci].replace(part, instead))
    name, *who = refused(signing, bake(ci=ci), registry, tmp_path, f"{ci}-{description}", claims)
    # It is signed, by whom it says.
    who[-1] = who[-1].replace(part, instead)
    assert signing.cosign("verify", name, *who).returncode == 0


def test_another_issuer_is_not_accepted_with_the_same_identity(signing, bake, registry, tmp_path):
    """GitLab's tokens may name any host as that of the pipeline's definition, as far as Fulcio is concerned."""
    claims = {**sigstore.GITLAB, "ci_config_ref_uri": f"github.com/{RELEASED['github']}"}
    name, *who = refused(signing, bake(ci="github"), registry, tmp_path, "issuer", claims)
    who = [word.replace(sigstore.GITHUB["iss"], sigstore.GITLAB["iss"]) for word in who]
    assert signing.cosign("verify", name, *who).returncode == 0


def refused(signing, service: Service, registry: str, folder: Path, name: str, claims: dict[str, str]) -> list[str]:
    """Sign with these claims, fail unless the README's command refuses it; return what it was called with."""
    image = signed(signing, registry, re.sub(r"\W+", "-", name), folder, claims)
    command, *arguments = verification(service, image)
    for words in ([command], ["verify-attestation", f"--type={TEST_RESULT}"]):
        done = signing.cosign(*words, *arguments)
        assert done.returncode != 0, done.stdout
        assert re.search("none of the expected identities matched|no matching", done.stderr), done.stderr
    return arguments


def test_what_nobody_has_signed_is_not_accepted(signing, bake, registry, tmp_path):
    image = f"{registry}/signed/nobody"
    pipelines.push(tmp_path, f"{image}:main")
    assert signing.cosign(*verification(bake(), f"{image}:main")).returncode != 0


@pytest.mark.parametrize("ci", PIPELINES)
def test_a_release_without_an_identity_is_not_tagged(signing, bake, registry, tmp_path, ci):
    """A job without the right `id-token`, and one whose token Fulcio does not take."""
    image = f"{registry}/unsigned/{ci}"
    nobody = {name: value for name, value in sigstore.claims(ci, RELEASED[ci]).items() if name != "sha"}
    for number, claims in enumerate((None, nobody)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert pipelines.publish(bake(ci=ci), image, folder, signing.environment(claims)).returncode != 0
        with pytest.raises(EngineError):
            pipelines.raw(f"{image}:main")


def test_what_signs_here_is_what_signs_there():
    version = TOOLS["go"]["cosign"].rpartition("@")[2]
    table = (ROOT / "templates" / "images.jinja").read_text()
    assert re.search(r'"cosign": "ghcr.io/sigstore/cosign/cosign:([^"@]+)', table)[1] == version
