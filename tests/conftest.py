"""The tests' vocabulary as fixtures; and what happens where there is no container engine.

A combination is one language on one base. What is made for it (service, image, container) is made once for all tests.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from support import engine
from support.promises import without_proof
from support.services import COMBINATIONS, ROOT, Service, host_roots
from support.template import snapshot

NO_ENGINE = engine.missing_engine()
ENGINE_REQUIRED = os.environ.get("SLIM_REQUIRE_ENGINE") == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-base", action="store_true", help="run the gallery on all bases, not on one")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "engine: needs a container engine; skipped with the reason where there is none")
    config.addinivalue_line("markers", "every_base: runs with --every-base only")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("every_base"):
        items[:] = [item for item in items if not item.get_closest_marker("every_base")]
    for item in items:
        if "_engine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
        # One worker has the whole combination, so that its image is made once; a file may know better.
        combination = getattr(item, "callspec", None) and item.callspec.params.get("combination")
        if combination and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("-".join(combination)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail if pytest-xdist splits a group: its tests would disturb each other, and build everything twice."""
    distributed = getattr(item.config.option, "loadgroup", False)
    if distributed and item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
        pytest.fail("this pytest-xdist does not group tests on this pytest; type: python3 run.py pytest")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where everything had to be proven, and something was skipped or a promise's test did not run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not ENGINE_REQUIRED or not reporter:
        return
    selected = session.config.option.keyword or session.config.option.markexpr or session.config.invocation_params.args
    passed = [report.nodeid for report in reporter.stats.get("passed", []) if report.when == "call"]
    unproven = [] if selected else without_proof(passed)
    for test in unproven:
        reporter.write_line(f"docs/promises.md names {test}, and it did not pass", red=True)
    if unproven or reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def _engine() -> None:
    """Skip where there is no engine; fail instead where SLIM_REQUIRE_ENGINE=1."""
    if NO_ENGINE and ENGINE_REQUIRED:
        pytest.fail(f"SLIM_REQUIRE_ENGINE=1, but {NO_ENGINE}")
    if NO_ENGINE:
        pytest.skip(NO_ENGINE)


@pytest.fixture(scope="session")
def source(tmp_path_factory) -> Path:
    """The template; where base images are stand-ins, without the official ones' digests, which none can have."""
    named = (ROOT / "templates" / "images.jinja").read_text(encoding="utf-8")
    bases = "".join(f"FROM {name}\n" for name in re.findall(r'"([^"]+)@sha256:', named))
    if NO_ENGINE or not bases or not engine.stand_ins(bases):
        return ROOT
    copy = snapshot(tmp_path_factory.mktemp("unpinned") / "slim-templates")
    (copy / "templates" / "images.jinja").write_text(re.sub(r"@sha256:\w+", "", named), encoding="utf-8")
    return copy


@pytest.fixture(scope="session")
def bake(cookies_session, source, tmp_path_factory) -> Callable[..., Service]:
    """Make a service: `bake(language="go", runtime_base="scratch", port="9000")`.

    The same answers give the same files, so they are rendered once; each call returns a copy of its own to change.
    """

    @functools.cache
    def render(answers: tuple[tuple[str, str], ...]) -> Service:
        result = cookies_session.bake(extra_context=dict(answers), template=str(source))
        if result.exception:
            raise result.exception
        context = result.context
        return Service(result.project_path, context["language"], context["runtime_base"])

    def bake(**answers: str) -> Service:
        service = render(tuple(sorted(answers.items())))
        folder = tmp_path_factory.mktemp("service") / service.path.name
        return dataclasses.replace(service, path=shutil.copytree(service.path, folder, symlinks=True))

    return bake


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> Path:
    """The template as a git repository, as `cruft` needs it; not to be changed."""
    return snapshot(tmp_path_factory.mktemp("template") / "slim-templates")


@pytest.fixture(scope="session")
def registry(_engine) -> Iterator[str]:
    """The address of a registry on the loopback interface."""
    container = engine.docker("run", "--detach", "--publish=127.0.0.1::5000", "registry:2").strip()
    try:
        yield engine.docker("port", container, "5000/tcp").split()[0]
    finally:
        engine.docker("rm", "--force", "--volumes", container)


@pytest.fixture(scope="session", params=COMBINATIONS, ids="-".join)
def combination(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Each language on each base."""
    return request.param


@pytest.fixture(scope="session")
def service(combination, bake) -> Service:
    """The combination's service, as it comes out of the template."""
    return bake(language=combination[0], runtime_base=combination[1])


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A company's CA, which no client trusts yet."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_bundle(authority, tmp_path_factory) -> Path:
    """The bundle that a company hands to its builds: this machine's roots and the company's own.

    As it may come from Windows, with what `openssl pkcs12` writes beside a certificate.
    """
    bundle = tmp_path_factory.mktemp("ca") / "bundle.pem"
    name = "Bag Attributes\n    friendlyName: Müller & Söhne - root\nsubject=O = Acme, CN = Acme-CA\n"
    own = authority.cert_pem.bytes().decode()
    roots = host_roots().read_text(encoding="utf-8")
    bundle.write_text(f"# The CA certificates of Acme - ask IT\n{roots}\n{name}{own}", encoding="utf-8", newline="\r\n")
    for path in (bundle.parent.parent, bundle.parent, bundle):
        path.chmod(path.stat().st_mode | 0o055)  # containers of any user read it
    return bundle


@pytest.fixture(scope="session")
def built(_engine, service, ca_bundle) -> engine.Build:
    """The build of the combination's service."""
    return service.build(ca=ca_bundle)


@pytest.fixture(scope="session")
def image(built) -> engine.Image:
    """The combination's image."""
    return built.image


@pytest.fixture(scope="session")
def running(service, image) -> Iterator[engine.Container]:
    """The combination's service in a hardened container, answering."""
    container = service.run(image)
    try:
        container.wait_until_it_answers()
        yield container
    finally:
        container.remove()


@pytest.fixture(scope="session")
def probe(_engine, service, built, ca_bundle, tmp_path_factory) -> tuple[Service, engine.Build]:
    """The combination's service after an edit of its sources alone (routes that the tests ask), and its build."""
    edited = service.with_variant("probe", tmp_path_factory.mktemp("probe"), ca_bundle)
    return edited, edited.build(ca=ca_bundle)


@pytest.fixture(scope="session")
def handlers(_engine, service, built, ca_bundle, tmp_path_factory) -> tuple[Service, engine.Build]:
    """The combination's service with handlers of every kind (variant `handlers`), and its build."""
    edited = service.with_variant("handlers", tmp_path_factory.mktemp("handlers"), ca_bundle)
    return edited, edited.build(ca=ca_bundle)


@pytest.fixture(scope="session")
def handling(handlers) -> Iterator[engine.Container]:
    """The service with handlers of every kind in a hardened container, answering."""
    service, build = handlers
    container = service.run(build.image)
    try:
        container.wait_until_it_answers()
        yield container
    finally:
        container.remove()


@pytest.fixture
def start(_engine) -> Iterator[Callable[..., engine.Container]]:
    """Start a container of a service's image that is gone after the test: `start(service, image, "--env=A=b")`."""
    containers = []

    def start(service: Service, image: engine.Image, *options: object, **how: int) -> engine.Container:
        containers.append(service.run(image, *options, **how))
        containers[-1].wait_until_it_answers()
        return containers[-1]

    yield start
    for container in containers:
        container.remove()
