"""The bill of materials that a scanner gets lists everything that ships, bundled or not, and nothing else."""

from __future__ import annotations

import json
from fnmatch import fnmatch

import pytest
from support.engine import blobs, build

# BuildKit's protocol for scanners: https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md
SCANNER = """\
FROM busybox:1.37-musl
COPY --chmod=755 scan /
ENTRYPOINT ["/scan"]
"""
SCAN = r"""#!/bin/sh
# Lists the files that a scanner would look into.
files=$(find "$BUILDKIT_SCAN_SOURCE" "$BUILDKIT_SCAN_SOURCE_EXTRAS" -type f | sed 's/[\\"]/?/g; s/.*/"&",/')
printf '{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
    "predicate": {"files": [%s ""]}}' "$files" >"$BUILDKIT_SCAN_DESTINATION/files.spdx.json"
"""


@pytest.fixture(scope="session")
def scanner(_engine, tmp_path_factory) -> str:
    """The name of the image of a scanner."""
    folder = tmp_path_factory.mktemp("scanner")
    (folder / "Dockerfile").write_text(SCANNER)
    (folder / "scan").write_text(SCAN)
    return build(folder, "slim-templates-test/scanner").image.tag


def test_a_scanner_finds_what_ships_and_nothing_else(service, built, scanner, ca_bundle, tmp_path):
    archive = tmp_path / "image.tar"
    output = f"type=oci,dest={archive},compression=uncompressed"
    service.build(f"--attest=type=sbom,generator={scanner}", ca=ca_bundle, output=output)
    seen = scanned(archive)
    assert [file for file in seen if fnmatch(file, service.record["shipped"])]
    assert not [file for file in seen if fnmatch(file, service.record["not_shipped"])]


def scanned(archive) -> list[str]:
    """Return the files that the bill of materials in an OCI archive lists."""
    for _, content in blobs(archive):
        if content.startswith(b'{"_type"') and b"spdx.dev" in content:
            return json.loads(content)["predicate"]["files"]
    return []
