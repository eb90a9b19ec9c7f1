"""The Kubernetes manifests agree with each other, with the image and with what a cluster takes.

What kustomize, kube-score and the API's own schemas say of them: tests/policy/test_policy.py.
"""

from __future__ import annotations

import re

import pytest
import yaml
from support.services import LANGUAGES

DRAIN = 8  # seconds in which a service that is told to stop finishes its requests
LOG = 50 << 20  # bytes of a container's log that the kubelet keeps: containerLogMaxSize * containerLogMaxFiles
UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
SERVICE_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


def number(quantity: str) -> int:
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def manifests(service) -> dict[str, list[dict]]:
    """Return the manifests that the kustomization lists, by kind."""
    found: dict[str, list[dict]] = {}
    for name in yaml.safe_load(service.read("deploy/kustomization.yaml"))["resources"]:
        for manifest in yaml.safe_load_all(service.read(f"deploy/{name}")):
            found.setdefault(manifest["kind"], []).append(manifest)
    return found


@pytest.fixture(params=LANGUAGES)
def pod(request, bake) -> dict:
    (deployment,) = manifests(bake(language=request.param))["Deployment"]
    return deployment["spec"]["template"]["spec"]


def test_kustomize_is_told_of_every_manifest(bake):
    service = bake()
    listed = yaml.safe_load(service.read("deploy/kustomization.yaml"))["resources"]
    assert {"kustomization.yaml", *listed} == {path.name for path in (service.path / "deploy").iterdir()}


def test_pods_keep_to_the_restricted_profile(pod):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards, control by control."""
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"} & pod.keys()
    assert all(volume.keys() <= {"name", "emptyDir"} for volume in pod["volumes"])
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for container in pod["containers"]:
        assert all("hostPort" not in port for port in container["ports"])
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_a_namespace_admits_nothing_but_the_restricted_profile(bake):
    (namespace,) = manifests(bake())["Namespace"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_pod_gets_neither_a_token_nor_addresses_of_its_neighbours(pod):
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False


def test_a_pod_is_given_the_time_it_needs_to_stop(pod):
    (container,) = pod["containers"]
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > pause + DRAIN


def test_a_slow_start_is_not_taken_for_a_dead_process(pod):
    """Liveness probes begin after the startup probe has succeeded."""
    (container,) = pod["containers"]
    startup, liveness = container["startupProbe"], container["livenessProbe"]
    assert startup["httpGet"] == liveness["httpGet"]
    # Ten seconds of one processor at the share that is requested, which no start of any language takes.
    share = int(container["resources"]["requests"]["cpu"].removesuffix("m")) / 1000
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 10 / share


def test_storage_and_memory_are_limited_and_the_limits_agree(pod):
    (container,) = pod["containers"]
    requests, limits = container["resources"]["requests"], container["resources"]["limits"]
    assert requests["memory"] == limits["memory"]
    assert requests["ephemeral-storage"] == limits["ephemeral-storage"]
    for volume in pod["volumes"]:
        # In memory it would count towards the memory limit.
        assert volume["emptyDir"].get("medium", "") == ""
        assert number(volume["emptyDir"]["sizeLimit"]) + LOG <= number(limits["ephemeral-storage"])


def test_memory_is_what_the_image_check_gives(bake):
    for language in LANGUAGES:
        service = bake(language=language)
        (deployment,) = manifests(service)["Deployment"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert number(container["resources"]["limits"]["memory"]) == service.memory << 20


@pytest.mark.parametrize("name", ["a", "7", "9" * 63, "z" * 63, f"0-{'a-' * 30}b", "1a", "0x10", "1e3"])
def test_names_are_valid_in_kubernetes(bake, name):
    service = bake(project_slug=name)
    found = manifests(service)
    for kind, all_of_kind in found.items():
        for manifest in all_of_kind:
            rule = SERVICE_NAME if kind == "Service" else LABEL
            assert rule.fullmatch(manifest["metadata"]["name"]), kind
            assert manifest["metadata"].get("namespace", name) == name
            for value in manifest["metadata"].get("labels", {}).values():
                assert isinstance(value, str)
    pods = found["Deployment"][0]["spec"]["template"]
    assert LABEL.fullmatch(pods["spec"]["containers"][0]["name"])
    # All that selects pods selects these.
    labels = pods["metadata"]["labels"]
    assert labels == found["Service"][0]["spec"]["selector"]
    for manifest in (*found["Deployment"], *found["PodDisruptionBudget"]):
        assert manifest["spec"]["selector"]["matchLabels"] == labels


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-anything", "openshift-etcd"])
def test_a_namespace_of_the_cluster_is_refused(cookies_session, name):
    result = cookies_session.bake(extra_context={"project_slug": name})
    assert f"project_slug is '{name}'" in str(result.exception)
    assert result.project_path is None


def test_a_name_that_only_looks_like_one_is_taken(bake):
    assert bake(project_slug="kubernetes-default").path.name == "kubernetes-default"
