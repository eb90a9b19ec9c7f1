"""npm 12 runs only the install scripts that `allowScripts` names; official images may contain it at any time."""

from __future__ import annotations

import re

from support.engine import build
from support.services import PREFIX

NPM_12 = """FROM {image}
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \\
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm install --global --no-audit --no-fund npm@12
"""


def test_the_build_names_the_install_scripts_that_npm_12_does_not_run(_engine, bake, ca_bundle, tmp_path):
    service = bake(language="node", runtime_base="distroless").with_variant("sources", tmp_path, ca_bundle)
    image = re.search(r"(node:\S+) AS deps", service.read("Dockerfile"))[1]
    folder = tmp_path / "npm"
    folder.mkdir()
    (folder / "Dockerfile").write_text(NPM_12.format(image=image))
    newer = build(folder, f"{PREFIX}/npm-12", f"--secret=id=ca,src={ca_bundle}").image

    options = [f"--build-context={image}=docker-image://{newer.tag}", "--no-cache-filter=deps"]
    log = service.build(*options, target="deps", ca=ca_bundle).log

    assert re.search(r"npm has not run the install scripts of .*thief.*: \"allowScripts\" in package\.json", log), log
