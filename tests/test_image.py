"""What is in an image, and what is not."""

from __future__ import annotations

import subprocess
from fnmatch import fnmatch
from pathlib import PurePosixPath

from support.answers import source_of
from support.services import BASES, ROOT

SHELLS = {"sh", "ash", "bash", "dash", "busybox", "toybox", "zsh"}
TOOLS = {"npm", "npx", "yarn", "corepack", "pip", "pip3", "uv", "go", "gcc", "cc", "javac", "mvn", "jlink", "strip"}
USER = 65532
PACKAGE_MANAGERS = {"apk", "apt", "apt-get", "dpkg"}


def programs(image):
    """The names of everything executable in any layer, even where a higher one hides it."""
    with image.layers() as layers:
        return {
            PurePosixPath(file.name).name
            for layer in layers
            for file in layer.files
            if (file.isfile() and file.mode & 0o111) or file.issym() or file.islnk()
        }


def test_size_is_within_budget(service, image):
    with image.layers() as layers:
        sizes = [layer.size for layer in layers]
    assert sum(sizes) <= service.size_budget, f"layers, MB: {[round(size / 1e6, 2) for size in sizes]}"


def test_user_is_a_number_and_not_root(image):
    assert image.config["User"] == "65532:65532"


def test_runs_one_process_without_a_shell(image):
    for field in ("Entrypoint", "Healthcheck"):
        assert image.config[field]
    assert image.config["Healthcheck"]["Test"][0] == "CMD"
    assert not SHELLS & {PurePosixPath(word).name for word in image.config["Entrypoint"]}
    assert not image.config.get("Cmd")


def test_files_belong_to_root_and_only_root_may_write(image):
    with image.layers() as layers:
        writable = [
            file.name
            for layer in layers
            for file in layer.files
            if (file.mode & 0o022 or file.uid) and not file.issym() and PurePosixPath(file.name).parts[0] == "app"
        ]
        temporary = [file for layer in layers for file in layer.files if file.name.rstrip("/") == "tmp"]
    assert not writable
    assert temporary
    assert temporary[-1].mode & 0o7777 == 0o1777


def test_its_user_may_write_nothing_and_no_program_gives_more_rights(image):
    """In any layer; but for folders of temporary files, which a hardened container mounts, and the home of a base."""
    writable, privileged = set(), set()
    with image.layers() as layers:
        for file in (file for layer in layers for file in layer.files if not file.issym()):
            is_temporary = file.isdir() and file.mode & 0o1002 == 0o1002
            by_user = (file.uid == USER and file.mode & 0o200) or (file.gid == USER and file.mode & 0o020)
            if (by_user or file.mode & 0o002) and not is_temporary and file.name.rstrip("/") != "home/nonroot":
                writable.add(file.name)
            if (file.isfile() and file.mode & 0o6000) or "SCHILY.xattr.security.capability" in file.pax_headers:
                privileged.add(file.name)
    assert not writable
    assert not privileged


def test_no_shell_without_an_operating_system(service, image):
    if service.base == "alpine":
        assert "sh" in programs(image)  # alpine is chosen for its shell
    else:
        assert not (SHELLS | PACKAGE_MANAGERS) & programs(image)


def test_no_build_tool_is_left(image):
    assert not TOOLS & programs(image)


def test_neither_toolchain_nor_tests_are_left(service, image):
    with image.layers() as layers:
        names = {"/" + file.name for layer in layers for file in layer.files}
    assert names
    assert not {name for name in names for pattern in service.record["absent"] if fnmatch(name, pattern)}


def test_labels_say_what_it_is(service, image):
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in image.config["Labels"].items()}
    assert labels["title"] == "hello-service"
    assert labels["source"] == source_of()
    assert labels["version"]
    assert labels["revision"]
    assert labels["licenses"]
    assert service.base in labels["base.name"]
    assert {base for base in BASES if base in labels["base.name"]} == {service.base}


def test_scanners_are_told_the_operating_system(image):
    with image.layers() as layers:
        names = {file.name for layer in layers for file in layer.files}
    assert "etc/os-release" in names


def test_records_of_libraries_are_of_the_operating_system_that_is_named(image):
    """A scanner compares a library's version with the fixes of the distribution that os-release names."""
    with image.layers() as layers:
        system = [
            text for layer in layers if (text := layer.read("etc/os-release") or layer.read("usr/lib/os-release"))
        ]
        records = [
            layer.read(file.name).decode()
            for layer in layers
            for file in layer.files
            if file.isfile() and "var/lib/dpkg/status.d/" in file.name and not file.name.endswith(".md5sums")
        ]
    fields = [
        line for record in records for line in record.splitlines() if line.startswith(("Version:", "Maintainer:"))
    ]
    assert not [field for field in fields if b"ID=debian" in system[-1] and "ubuntu" in field.lower()]


def test_the_build_secret_is_in_no_layer(image, authority):
    secret = authority.cert_pem.bytes().splitlines()[5]
    with image.layers() as layers:
        assert not any(secret in layer.content for layer in layers)
    assert secret.decode() not in image.history


def test_structure_is_as_container_structure_test_sees_it(image):
    command = [
        "container-structure-test",
        "test",
        f"--config={ROOT / 'tests' / 'structure.yaml'}",
        f"--image={image.tag}",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
