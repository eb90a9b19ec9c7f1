"""Installs what a lock file names. Part of the template: an update replaces it.

    python3 install.py packages FILE [PREFIX]     what comes from an index, as wheels
    python3 install.py sources FILE [PREFIX]      what `no-binary` in pyproject.toml names
    python3 install.py folders FILE [PREFIX]      folders of this repository

`packages` runs no code of what it downloads: sources are fetched and not built, and what building
takes is put where no interpreter looks. The others need no network, and so no secret. Without
PREFIX it is the interpreter's own.
"""

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPPasswordMgrWithPriorAuth,
    OpenerDirector,
    build_opener,
)

UV = ("uv", "pip", "install", "--quiet")

# Where stage deps installs packages, what building takes, and the sources that it has fetched.
PACKAGES, BACKENDS, SOURCES = Path("/deps/usr/local"), Path("/backends"), Path("/sources")
APART = Path("/apart")  # packages that come from an index of their own, until the others are there

# What building something takes that says nothing about it (PEP 518).
DEFAULT_BACKEND = ["setuptools>=40.8.0"]

# What some backends ask for on top, once they are there, to link a folder in place of copying it.
LINKING = ["editables"]

# The settings of uv in pyproject.toml that say where packages are, and how they are built. Others
# say how to lock; with some of them, uv refuses to install what was locked by them.
KEPT = (
    "index",
    "index-url",
    "extra-index-url",
    "index-strategy",
    "find-links",
    "keyring-provider",
    "allow-insecure-host",
    "config-settings",
    "config-settings-package",
    "extra-build-variables",
)

# A line to copy: the builders have no compiler.
INSTALL = (
    "apk add --no-cache gcc musl-dev"
    if Path("/sbin/apk").exists()
    else "apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev"
)
COMPILER = (
    f"If it lacks a compiler, a header or pkg-config, write the line `RUN {INSTALL}` before the"
    " first RUN of the Dockerfile, and in it the packages that the dependency's own instructions"
    " name"
)

FOLDER_FAILS = (
    "a folder of this repository could not be built as a package, as it says above. A version that"
    " comes from git's tags: .git is not in the build context; write the version into"
    " pyproject.toml, or a fallback version, which setuptools-scm and hatch-vcs have a setting for."
    " A file that it reads: the line !PATH at the end of .dockerignore lets in what is named there."
    f" {COMPILER}"
)
SOURCE_FAILS = (
    "a package that no-binary in pyproject.toml names could not be compiled, as it says above."
    f" {COMPILER}"
)


def main(what: str, file: str, prefix: str = sys.prefix) -> None:
    """Install `what` of the lock file `file`."""
    options = [f"--prefix={prefix}"]
    text = text_of(Path(file)).replace("\\\n", " ")
    entries = [line for line in text.splitlines() if re.match(r"[^#\s]", line)]
    folders = [entry for entry in entries if is_folder(entry)]
    packages = [entry for entry in entries if entry not in folders]
    uv = uv_settings(manifest())
    named = uv.get("pip", {}).get("no-binary", []) + uv.get("no-binary-package", [])
    compiled = {*map(normalized, named)}
    released = [entry for entry in packages if "==" in entry]
    sources = [entry for entry in released if {":all:", name_of(entry)} & compiled]
    if manifest().get("build-system"):
        folders.append("-e .")  # as `uv sync` installs a project that is a package

    if what == "folders":
        refuse_other_places(folders)
        if folders:
            build(*options, lines=folders, otherwise=FOLDER_FAILS)
        if prefix != sys.prefix:  # later steps of the build import what is there
            own = Path(sysconfig.get_path("purelib"), "packages.pth")
            there = [purelib(PACKAGES), purelib(Path(prefix))]
            own.write_text("".join(f"import site; site.addsitedir({name!r})\n" for name in there))
    elif what == "sources":
        if sources:
            index = ("--no-index", f"--find-links={SOURCES}")
            hashes = ("--require-hashes", "--no-binary=:all:")
            build(*hashes, *index, *options, lines=sources, otherwise=SOURCE_FAILS)
    else:
        refuse_addresses(packages)
        refuse_unlocked(packages, file)
        refuse_forgotten(entries, file)
        manifests = [manifest(folder_of(entry)) for entry in folders] + list(map(fetch, sources))
        backends = [name for said in manifests for name in backend(said)]
        wheels = ["--only-binary=:all:"]
        if backends:
            install(*wheels, f"--target={BACKENDS}", lines=backends)
        # Last: once packages are in the interpreter's prefix, its next start may run their code.
        packages = [entry for entry in packages if entry not in sources]
        with_an_index = names_with_an_index()
        apart = [entry for entry in packages if name_of(entry) in with_an_index]
        locked = ["--require-hashes", *wheels]
        if apart:  # neither call sees what the other one installs
            locked.append("--no-deps")
            install(*locked, f"--prefix={APART}", lines=apart, apart=True)
        install(*locked, *options, lines=[entry for entry in packages if entry not in apart])
        if apart:
            shutil.copytree(APART, prefix, dirs_exist_ok=True)
    forget_times(Path(purelib(Path(prefix))))
    Path(prefix, ".lock").unlink(missing_ok=True)  # uv's own


def install(*options: str, lines: list[str], apart: bool = False) -> None:
    """Let uv install the requirements `lines`; fail with a sentence where it cannot."""
    if not installed(*options, lines=lines, apart=apart):
        fail(
            "uv could not install the above. If a package has no wheel for this base, take a"
            " release that has one, or name it in pyproject.toml, under [tool.uv.pip]:"
            ' no-binary = ["NAME"]. It is then compiled. If an index asks for an account,'
            " give it one: --secret id=registry,src=FILE, where FILE is a uv.toml"
        )


def installed(*options: str, lines: list[str], apart: bool = False, **variables: str) -> bool:
    """Say whether uv could install the requirements `lines`."""
    with (
        tempfile.NamedTemporaryFile("w", suffix=".txt", dir=".", encoding="utf-8") as file,
        tempfile.TemporaryDirectory() as settings,
    ):
        file.write("\n".join(lines) + "\n")
        file.flush()
        Path(settings, "uv.toml").write_text(kept_settings(apart=apart), encoding="utf-8")
        command = [*UV, f"--project={settings}", *options, "-r", file.name]
        # Nothing but what the lock file names.
        done = subprocess.run(command, check=False, env={**os.environ, **variables})  # noqa: S603
        return done.returncode == 0


def build(*options: str, lines: list[str], otherwise: str) -> None:
    """Let uv build and install the requirements `lines` with what is there.

    Fails with the sentence `otherwise` where it cannot.
    """
    path = f"{BACKENDS}/bin:{os.environ['PATH']}"
    there = f"{BACKENDS}:{purelib(PACKAGES)}"
    offline = ("--no-build-isolation", "--offline", "--no-deps")
    if not installed(*offline, *options, lines=lines, PATH=path, PYTHONPATH=there):
        fail(otherwise)


def forget_times(packages: Path) -> None:
    """Remove uv's notes on files of this repository: their times differ from build to build."""
    for notes in packages.glob("*.dist-info/uv_cache.json"):
        record = notes.with_name("RECORD")
        files = record.read_text(encoding="utf-8").splitlines(keepends=True)
        others = [line for line in files if f"/{notes.name}," not in line]
        record.write_text("".join(others), encoding="utf-8")
        notes.unlink()


def fetch(entry: str) -> dict[str, Any]:
    """Download the source distribution of a locked package; return its pyproject.toml."""
    name, checksums = name_of(entry), re.findall(r"--hash=sha256:(\w+)", entry)
    for index in indexes():
        host = index.netloc.rpartition("@")[2]
        page = f"{urlunsplit(index._replace(netloc=host)).rstrip('/')}/{name}/"
        client = client_of(index.username, index.password, f"{index.scheme}://{host}")
        try:
            with client.open(page) as answer:
                links = re.findall(r"""href=["']([^"']+)""", answer.read().decode())
            for link in map(html.unescape, links):
                address, _, checksum = link.partition("#sha256=")
                file = SOURCES / Path(unquote(urlsplit(address).path)).name
                if file.name.endswith(".tar.gz") and checksum in checksums:
                    with client.open(urljoin(page, address)) as answer:
                        content = answer.read()
                    if hashlib.sha256(content).hexdigest() != checksum:
                        fail(f"{file.name} of {page} is not the file that was locked")
                    SOURCES.mkdir(exist_ok=True)
                    file.write_bytes(content)
                    return manifest_in(file)
        except OSError as error:
            print(f"deps: {page}: {error}", file=sys.stderr)
    return fail(f"{name}: the package index has no .tar.gz with a checksum of the lock file")


def kept_settings(*, apart: bool = False) -> str:
    """Return the text of a uv.toml with those settings of the project that are in KEPT.

    An index that is explicit, as uv calls it, is for packages `apart`.
    """
    said = uv_settings(manifest())
    said = said.get("pip", {}) | said
    kept = {name: said[name] for name in KEPT if name in said}
    if "index" in kept:
        explicit = [index for index in kept["index"] if index.get("explicit")]
        others = [index for index in kept["index"] if index not in explicit]
        kept["index"] = [index | {"explicit": False} for index in explicit * apart] + others
    if apart:  # of several, the one that has the version
        kept["index-strategy"] = "unsafe-best-match"
    return "".join(f"{name} = {as_toml(value)}\n" for name, value in kept.items())


def names_with_an_index() -> set[str]:
    """Return the names of packages for which pyproject.toml names the index."""
    sources = uv_settings(manifest()).get("sources", {})
    each = ((name, said if isinstance(said, list) else [said]) for name, said in sources.items())
    return {normalized(name) for name, said in each if any("index" in source for source in said)}


def as_toml(value: object) -> str:
    """Return a value as TOML writes it, with relative paths made absolute."""
    if isinstance(value, dict):
        entries = [f"{as_toml(name)} = {as_toml(each)}" for name, each in value.items()]
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    path = isinstance(value, str) and value.startswith((".", "/"))
    return json.dumps(str(Path(str(value)).resolve()) if path else value)


def indexes() -> list[SplitResult]:
    """Return the addresses of the package indexes, as uv knows them."""
    found: list[str] = []
    for settings in (uv_settings(manifest()), read(Path.home() / ".config/uv/uv.toml")):
        for said in (settings, settings.get("pip", {})):
            found += [index["url"] for index in said.get("index", [])]
            found += [*said.get("extra-index-url", []), said.get("index-url", "")]
    return [urlsplit(index) for index in found if index] or [urlsplit("https://pypi.org/simple")]


def client_of(user: str | None, password: str | None, host: str) -> OpenerDirector:
    """Return what asks `host` by an account, and others without."""
    accounts = HTTPPasswordMgrWithPriorAuth()
    if user:
        account = unquote(user), unquote(password or "")
        accounts.add_password(None, host, *account, is_authenticated=True)
    return build_opener(HTTPBasicAuthHandler(accounts))


def read(file: Path) -> dict[str, Any]:
    """Return what a TOML file says; empty where there is none."""
    try:
        return tomllib.loads(text_of(file)) if file.exists() else {}
    except tomllib.TOMLDecodeError as error:
        fail(f"{file}: {error}")


def text_of(file: Path) -> str:
    """Return the text of a file, without the mark that Windows may write before it."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        fail(f"{file} is not UTF-8, as PowerShell's > writes it: save it as UTF-8")


def manifest(folder: str = ".") -> dict[str, Any]:
    """Return the pyproject.toml of a folder."""
    return read(Path(folder, "pyproject.toml"))


def manifest_in(archive: Path) -> dict[str, Any]:
    """Return the pyproject.toml of a source distribution, of which nothing is unpacked."""
    with tarfile.open(archive) as files:
        for name in files.getnames():
            if re.fullmatch(r"[^/]+/pyproject\.toml", name) and (file := files.extractfile(name)):
                return tomllib.loads(file.read().decode())
    return {}


def uv_settings(said: dict[str, Any]) -> dict[str, Any]:
    """Return [tool.uv]."""
    settings: dict[str, Any] = said.get("tool", {}).get("uv", {})
    return settings


def backend(said: dict[str, Any]) -> list[str]:
    """Return what building takes, of a pyproject.toml."""
    requires: list[str] = said.get("build-system", {}).get("requires", DEFAULT_BACKEND)
    return requires + LINKING


def purelib(prefix: Path) -> str:
    """Return where packages are below a prefix."""
    return sysconfig.get_path("purelib", vars={"base": str(prefix)})


def normalized(name: str) -> str:
    """Return a package's name as indexes write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_folder(entry: str) -> bool:
    """Say whether a locked entry is a folder of this repository."""
    path = re.match(r"(?:-e\s*|--editable\s*)?((?:\.|file:)\S*)", entry)
    return path is not None and not path[1].endswith(".whl")


def name_of(entry: str) -> str:
    """Return the name of a locked package."""
    return normalized(re.split(r"[^\w.-]", entry, maxsplit=1)[0])


def folder_of(entry: str) -> str:
    """Return the folder that an entry names."""
    return re.sub(r"^(-e|--editable)\s*", "", entry).split()[0].removeprefix("file://")


def refuse_addresses(packages: list[str]) -> None:
    """Fail where a package is not from an index."""
    for entry in packages:
        address = entry.partition(" @ ")[2].split("--hash=")[0].strip()
        if address and not address.endswith(".whl"):  # its checksum makes a wheel a release
            name = entry.split()[0]
            fail(
                f"{name} comes from an address, not from an index: take a release, or put its"
                " source into a folder of this repository and add that: uv add --frozen ./FOLDER"
            )


def refuse_unlocked(packages: list[str], file: str) -> None:
    """Fail where a lock file was written by hand."""
    for entry in packages:
        if "--hash=" not in entry:
            fail(
                f"{entry} in {file} has no checksum: name dependencies in pyproject.toml"
                " (uv add --frozen NAME, uv add --frozen -r FILE), and let docker/tools/lock.sh"
                f" write {file}"
            )


def refuse_forgotten(entries: list[str], file: str) -> None:
    """Fail where pyproject.toml names a package that the lock file has not."""
    said = manifest()
    project = said.get("project", {})
    # A folder or a wheel of this repository is locked by its path; a marker may not hold anywhere.
    elsewhere = [*uv_settings(said).get("sources", {}), project.get("name", "")]
    known = {*map(name_of, entries), *map(normalized, elsewhere)}
    for named in project.get("dependencies", []):
        name = name_of(named)
        if name not in known and ";" not in named and "@" not in named:
            fail(
                f"pyproject.toml names {name}, and {file} does not: type sh docker/tools/lock.sh,"
                " which locks what pyproject.toml names"
            )


def refuse_other_places(folders: list[str]) -> None:
    """Fail where a folder is not in the repository."""
    for entry in folders:
        if "file:" in entry or ".." in Path(entry.split()[-1]).parts:
            fail(f"{entry} is not in this repository: move the folder here, and lock again")


def fail(why: str) -> NoReturn:
    """Exit with a sentence."""
    sys.exit(f"deps: {why}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
