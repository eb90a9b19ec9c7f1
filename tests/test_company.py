"""A build in a company's network: packages from its index, by way of its proxy, and no secret in the image."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import company, thieves
from support.caches import caches, run_with
from support.engine import address, blobs, docker, wait_for
from support.services import DIAGONAL, VARIANTS, Service, host_roots

pytestmark = pytest.mark.xdist_group("company")  # one network for all

HOST = "index.company.test"
REGISTRY_SETTINGS = f"{HOST}:{company.INDEX_PORT}"


@dataclass(frozen=True)
class Network:
    """A company's index and its proxy, running."""

    container: str
    address: str
    token: str
    password: str

    @property
    def requests(self) -> list[str]:
        """What was granted so far, a line each."""
        return docker("logs", self.container).splitlines()[1:]

    @property
    def options(self) -> list[str]:
        """What `docker build` is told in this network, besides its secrets; caches are empty."""
        proxy = f"http://traveller:{self.password}@{self.address}:{company.PROXY_PORT}"
        arguments = {
            "HTTP_PROXY": proxy,
            "HTTPS_PROXY": proxy,
            "NO_PROXY": "localhost,.company.internal:8080",
            "BUILDKIT_CACHE_MOUNT_NS": self.token[:8],
        }
        # A host of its own for every run: no step is taken from an earlier one, which had another network.
        hosts = [f"--add-host={HOST}:{self.address}", f"--add-host={self.token[:8]}.test:127.0.0.1"]
        return [*hosts, *(f"--build-arg={name}={arguments[name]}" for name in arguments)]

    def settings(self, service: Service) -> str:
        """The file that the service's README shows for the secret `registry`, for this company."""
        shown = re.search(r"An example of `FILE`:\n\n```\w+\n(.*?)```", service.read("README.md"), re.DOTALL)[1]
        shown = re.sub(r"(\w+)\.corp\.example", rf"{REGISTRY_SETTINGS}/\1", shown)
        return shown.replace("USER", "reader").replace("TOKEN", self.token)


@pytest.fixture(scope="module")
def network(_engine, bake, authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    token, password = secrets.token_hex(16), secrets.token_hex(16)
    image = re.search(r"^FROM (python:\S+)", bake(language="python").read("Dockerfile"), re.MULTILINE)[1]
    options = ["--detach", f"--hostname={HOST}", "--env=SSL_CERT_FILE=/roots.pem"]
    thieves.index(folder / "own", REGISTRY_SETTINGS)
    files = {company.__file__: "/company.py", host_roots(): "/roots.pem", folder / "server.pem": "/server.pem"}
    files[folder / "own"] = "/own"
    volumes = [f"--volume={here}:{there}:ro" for here, there in files.items()]
    command = ["python3", "/company.py", "/server.pem", f"reader:{token}", f"traveller:{password}"]
    container = docker("run", *options, *volumes, image, *command).strip()
    try:
        wait_for(lambda: "ready" in docker("logs", container), 30, lambda: docker("logs", container))
        yield Network(container, address(container), token, password)
    finally:
        docker("rm", "--force", container)


@dataclass
class Order:
    """A service with a dependency, and all that its build in the company's network is told."""

    service: Service
    options: list[str]
    requests: list[str] = field(default_factory=list)
    log: str = ""


@pytest.fixture(scope="module", params=DIAGONAL, ids="-".join)
def ordered(request, bake, network, ca_bundle, tmp_path_factory) -> Order:
    """A service that was built and tested in the company's network."""
    language, base = request.param
    folder = tmp_path_factory.mktemp(language)
    variant = min(path.parent.name for path in (VARIANTS / language).glob("*/expect.toml"))
    grown = bake(language=language, runtime_base=base).with_variant(variant, folder, ca_bundle)
    thieves.plant(grown)
    if language == "node":  # as teams have it for their developers
        with (grown.path / ".npmrc").open("a") as file:
            file.write(f"//{REGISTRY_SETTINGS}/npm/:_authToken=${{NPM_TOKEN}}\n")
    (folder / "index").write_text(network.settings(grown))
    order = Order(grown, [*network.options, f"--secret=id=registry,src={folder / 'index'}"])
    before = len(network.requests)
    for target in ("test", ""):
        order.log += grown.build(*order.options, target=target, ca=ca_bundle, output="type=cacheonly").log
    order.requests = network.requests[before:]
    return order


def test_packages_come_from_the_registry_through_the_proxy(ordered):
    tunnels = {line for line in ordered.requests if line.startswith("Proxy CONNECT ")}
    assert tunnels == {f"Proxy CONNECT {REGISTRY_SETTINGS}"}
    assert [line for line in ordered.requests if line.startswith("Index GET ")]


def test_code_of_dependencies_that_looks_for_secrets_finds_none(ordered):
    """It ends the build where it finds one."""
    looked = set(re.findall(f"{thieves.LOOKED} (.*)", ordered.log))
    assert looked == thieves.PLACES[ordered.service.language]


def test_hooks_of_pnpm_that_look_for_secrets_find_none(network, bake, ca_bundle, tmp_path):
    """They end the build where they do."""
    service = bake(language="node", runtime_base="scratch").with_variant("pnpm", tmp_path, ca_bundle)
    thieves.plant_hook(service)
    (tmp_path / "index").write_text(network.settings(service))
    options = [*network.options, f"--secret=id=registry,src={tmp_path / 'index'}"]
    before = len(network.requests)
    service.build(*options, target="deps", ca=ca_bundle, output="type=cacheonly")
    assert [line for line in network.requests[before:] if "pnpm-plugin-thief" in line]


@pytest.mark.parametrize("target", ["deps", ""], ids=["deps", "runtime"])
def test_no_secret_stays(ordered, network, ca_bundle, tmp_path, target):
    """Not in a layer, the configuration, its history or the provenance, as far as mode=min tells it."""
    assert not {network.token, network.password} & set(re.findall(r"\w+", ordered.log))
    archive = exported(ordered, "min", target, ca_bundle, tmp_path)
    assert not leaks(archive, f"reader:{network.token}", f"traveller:{network.password}")


def test_no_secret_stays_in_a_cache(ordered, network, tmp_path):
    """A cache outlives the build, and other builds of the service read it."""
    accounts = (f"reader:{network.token}", f"traveller:{network.password}")
    (tmp_path / "needles").write_text("".join(f"{needle.decode()}\n" for needle in needles(*accounts)))
    namespace = next(option for option in network.options if "BUILDKIT_CACHE_MOUNT_NS" in option)
    look = "find /caches -type f | wc -l && ! grep -rFlf /context/needles /caches && echo none of them is there"
    log = run_with(caches(ordered.service.read("Dockerfile")), look, tmp_path, namespace)
    assert "none of them is there" in log
    assert ordered.service.language == "go" or not re.search(r"^0$", log, re.MULTILINE), "the caches are empty"


def test_even_full_provenance_does_not_name_the_registry(ordered, network, ca_bundle, tmp_path):
    """With mode=max it does tell build arguments: docker-bake.hcl leaves that out where a proxy is named."""
    archive = exported(ordered, "max", "", ca_bundle, tmp_path)
    assert not leaks(archive, f"reader:{network.token}")
    assert leaks(archive, f"traveller:{network.password}"), "mode=max is harmless now: docker-bake.hcl may be simpler"


def exported(order: Order, mode: str, target: str, ca_bundle: Path, folder: Path) -> Path:
    """Return an OCI archive of the image, or of the stage `target`, with provenance."""
    archive = folder / "image.tar"
    output = f"type=oci,dest={archive},compression=uncompressed"
    order.service.build(
        *order.options, f"--attest=type=provenance,mode={mode}", target=target, ca=ca_bundle, output=output
    )
    return archive


def leaks(archive: Path, *accounts: str) -> list[str]:
    """Return the names of the blobs that hold an account's password, plainly or as in a header."""
    return [name for name, content in blobs(archive) for needle in needles(*accounts) if needle in content]


def needles(*accounts: str) -> list[bytes]:
    """Return how an account's password may be written."""
    return [
        *(account.partition(":")[2].encode() for account in accounts),
        *(base64.b64encode(account.encode()) for account in accounts),
    ]
