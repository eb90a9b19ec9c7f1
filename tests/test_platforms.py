"""One Dockerfile for linux/amd64 and linux/arm64."""

from __future__ import annotations

import struct
import tarfile
from fnmatch import fnmatch

import pytest
from support.services import BASES, LANGUAGES, RECORDS

CROSS_COMPILED = [(language, base) for language in LANGUAGES for base in BASES if "cross_compiled" in RECORDS[language]]
# e_machine of the ELF header, from the System V ABI's supplements for the two architectures.
MACHINES = {"amd64": 62, "arm64": 183}


@pytest.mark.parametrize("architecture", MACHINES)
@pytest.mark.parametrize(("language", "base"), CROSS_COMPILED, ids=map("-".join, CROSS_COMPILED))
def test_cross_compiles_without_emulation(_engine, bake, ca_bundle, tmp_path, language, base, architecture):
    service, expected = bake(language=language, runtime_base=base), RECORDS[language]["cross_compiled"]
    if "variant" in expected:
        service = service.with_variant(expected["variant"], tmp_path, ca_bundle)
    archive = tmp_path / "build.tar"
    service.build(f"--platform=linux/{architecture}", target="build", ca=ca_bundle, output=f"type=tar,dest={archive}")
    with tarfile.open(archive) as stage:
        binaries = [member for member in stage if fnmatch(member.name, expected["files"])]
        headers = [stage.extractfile(binary).read(20) for binary in binaries]
    assert {header[:4] for header in headers} == {b"\x7fELF"}
    assert {struct.unpack_from("<H", header, 18) for header in headers} == {(MACHINES[architecture],)}
