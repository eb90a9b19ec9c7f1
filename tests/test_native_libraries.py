"""The search for shared libraries, by itself: what it copies, what it lets be, and what it refuses with a sentence."""

from __future__ import annotations

import re
import subprocess

import pytest
from support.elf import ARM64, FREEBSD, library
from support.services import DIAGONAL

# Where each C library's builders look, and a library that these have.
BUILDERS = {"glibc": "debian:trixie-slim", "musl": "alpine:3.24"}
SYSTEM = "libz.so.1"


@pytest.fixture(scope="module", params=BUILDERS)
def libc(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def search(_engine, bake, tmp_path_factory):
    """Run the search for files by their names: `search("glibc", {"site-packages/a/a.so": library()})`.

    `base` are files of the base, `optional` are lines of docker/optional-native.txt, `packages` those of
    docker/packages.txt. Returns the exit code, what it
    said and the files that it copied.
    """
    script = bake(language="python").path / "docker" / "tools" / "native-libraries.sh"

    def search(libc, files, base=(), optional="", packages="", links=()):
        folder = tmp_path_factory.mktemp("search")
        (folder / "base").mkdir()
        for name, content in {
            **{f"app/{name}": content for name, content in files.items()},
            **dict.fromkeys((f"base/{name}" for name in base), b""),
        }.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for name, target in links:
            (folder / "base" / name).symlink_to(target)
        (folder / "docker").mkdir()
        (folder / "docker" / "optional-native.txt").write_text(optional)
        (folder / "docker" / "packages.txt").write_text(packages)
        volumes = [f"--volume={folder / name}:/{name}:ro" for name in ("app", "base", "docker")]
        command = "sh /search.sh /copied /base /app; code=$?; find /copied ! -type d >&2 2>/dev/null; exit $code"
        run = [
            "docker",
            "run",
            "--rm",
            *volumes,
            f"--volume={script}:/search.sh:ro",
            BUILDERS[libc],
            "sh",
            "-c",
            command,
        ]
        done = subprocess.run(run, capture_output=True, text=True)
        copied = re.findall(r"^/copied(/\S+)$", done.stderr, re.MULTILINE)
        return done.returncode, re.sub(r"^/copied.*\n", "", done.stderr, flags=re.MULTILINE), copied

    return search


def names(copied: list[str]) -> set[str]:
    """Return the names of the libraries among the files."""
    return {path.rpartition("/")[2] for path in copied if ".so" in path}


def test_a_library_of_the_system_comes_along_with_what_it_needs_itself(search, libc):
    code, said, copied = search(libc, {"site-packages/pack/pack.so": library(SYSTEM)})
    assert (code, said) == (0, "")
    assert names(copied) >= {SYSTEM, {"glibc": "libc.so.6", "musl": "ld-musl-x86_64.so.1"}[libc]}


def test_what_was_copied_has_its_record_for_scanners(search):
    _, _, copied = search("glibc", {"site-packages/pack/pack.so": library(SYSTEM)})
    assert {"/var/lib/dpkg/status.d/zlib1g", "/usr/share/doc/zlib1g/copyright"} <= set(copied)


@pytest.mark.parametrize("merged", [False, True], ids=["lib", "lib merged into usr"])
def test_what_the_base_has_is_not_copied(search, libc, merged):
    folder = {"glibc": "usr/lib/x86_64-linux-gnu", "musl": "usr/lib"}[libc]
    links = [("lib", "usr/lib")] if merged else []
    code, _, copied = search(
        libc, {"site-packages/pack/pack.so": library(SYSTEM)}, base=[f"{folder}/{SYSTEM}"], links=links
    )
    assert code == 0
    assert SYSTEM not in names(copied)


def test_nothing_is_laid_over_a_link_of_the_base(search, libc):
    _, _, copied = search(
        libc, {"site-packages/pack/pack.so": library(SYSTEM)}, base=["usr/lib/other"], links=[("lib", "usr/lib")]
    )
    assert copied
    assert not [path for path in copied if path.startswith("/lib/")]


def test_a_bundled_library_stays_where_it_is(search, libc):
    files = {
        "site-packages/pack/pack.so": library("libown-1a2b.so.3", runpath="$ORIGIN/../pack.libs"),
        "site-packages/pack.libs/libown-1a2b.so.3": library(soname="libown-1a2b.so.3"),
    }
    code, said, copied = search(libc, files)
    assert (code, said) == (0, "")
    assert "libown-1a2b.so.3" not in names(copied)


@pytest.mark.parametrize("name", ["libown.so.1", "libown.so"])
def test_a_bundled_library_that_the_program_loads_first_needs_no_path(search, libc, name):
    files = {
        "site-packages/pack/pack.so": library("libown.so.1"),
        f"site-packages/pack/natives/{name}": library(soname="libown.so.1"),
    }
    assert search(libc, files)[:2] == (0, "")


def test_a_missing_library_is_refused_by_name(search, libc):
    code, said, _ = search(libc, {"site-packages/pack/pack.so": library("libnowhere.so.9")})
    assert code == 1
    assert "/app/site-packages/pack/pack.so needs libnowhere.so.9" in said
    assert "name the package that brings it in docker/packages.txt" in said
    line = re.search(r"add the line (\S+) to docker/optional-native.txt", said)[1]
    assert search(libc, {"site-packages/pack/pack.so": library("libnowhere.so.9")}, optional=f"{line}\n")[:2] == (0, "")


def test_all_that_is_refused_is_told_at_once(search):
    files = {f"site-packages/pack/{name}.so": library(f"lib{name}.so.9") for name in ("one", "two")}
    code, said, _ = search("glibc", {**files, "site-packages/pack/third.so": library("libone.so.9")})
    assert code == 1
    assert len(re.findall(r"^native-libraries: .* needs lib(one|two).so.9", said, re.MULTILINE)) == 2


def test_a_package_that_the_team_names_comes_along_with_its_data_and_what_it_depends_on(search):
    # Debian's; the stand-in for Alpine has no package manager.
    code, said, copied = search("glibc", {}, packages="libmagic1t64 # recognizes kinds of files\n")
    assert (code, said) == (0, "")
    assert names(copied) >= {"libmagic.so.1", "libbz2.so.1.0", "libc.so.6"}
    assert {"/usr/lib/file/magic.mgc", "/etc/magic", "/var/lib/dpkg/status.d/libmagic-mgc"} <= set(copied)
    assert not [path for path in copied if re.match(r"/var/(cache|log|lib/apt)|/usr/share/man|/etc/ld", path)]


def test_a_missing_package_is_refused(search):
    code, said, _ = search("glibc", {}, packages="no-such-package\n")
    assert code == 1
    assert "Unable to locate package no-such-package" in said
    assert "native-libraries: the packages in docker/packages.txt could not be installed." in said


def test_a_package_for_another_processor_is_refused_unless_it_has_a_build_for_this_one(search, libc):
    foreign = {"site-packages/pack/arm64/pack.so": library(machine=ARM64)}
    code, said, _ = search(libc, foreign)
    assert code == 1
    assert "pack has native code, and none of it works on this base" in said
    line = re.search(r"add the line (\S+) to docker/optional-native.txt", said)[1]
    assert search(libc, foreign, optional=line + "\n")[:2] == (0, "")
    assert search(libc, {**foreign, "site-packages/pack/x64/pack.so": library()})[:2] == (0, "")
    assert search(libc, {**foreign, "site-packages/other/other.so": library()})[0] == 1


def test_a_package_for_another_c_library_is_refused(search, libc):
    needed = {"glibc": ["libc.so.6"], "musl": ["libc.musl-x86_64.so.1"]}
    # musl takes libc.so.6 for itself: what tells is the loader.
    other = {"glibc": needed["musl"], "musl": ["libc.so.6", "ld-linux-x86-64.so.2"]}[libc]
    foreign = {"site-packages/pack/other.so": library(*other)}
    code, said, _ = search(libc, foreign)
    assert code == 1
    assert "made for another machine or C library" in said
    assert search(libc, {**foreign, "site-packages/pack/own.so": library(*needed[libc])})[:2] == (0, "")


@pytest.mark.parametrize(
    "content",
    [library("libc.so.7", system=FREEBSD), b"/* GNU ld script */\nGROUP ( libz.so.1 )\n", b"MZ\x90\0", b""],
    ids=["another system", "a linker's script", "Windows", "empty"],
)
def test_what_is_not_code_for_linux_is_skipped(search, libc, content):
    assert search(libc, {"site-packages/pack/pack.so": content}) == (0, "", [])


def test_names_with_spaces_are_files_like_others(search, libc):
    code, said, copied = search(libc, {"site-packages/a pack/my pack.so": library(SYSTEM)})
    assert (code, said) == (0, "")
    assert SYSTEM in names(copied)


@pytest.mark.parametrize(("language", "base"), DIAGONAL, ids=map("-".join, DIAGONAL))
def test_a_language_without_the_search_has_no_trace_of_it(bake, language, base):
    service = bake(language=language, runtime_base=base)
    has = (service.path / "docker" / "tools" / "native-libraries.sh").exists()
    assert has == ("native-libraries.sh" in service.read("Dockerfile"))
