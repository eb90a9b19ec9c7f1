"""Dependencies whose code looks for the build's secrets: it ends the build where it finds one, and says that it looked.

A secret is a mount, so the mounts tell: /proc/self/mountinfo. What is said goes to the build's log by way of the step's
first process, because package managers keep quiet about what they run.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
import zipfile
from pathlib import Path

from support.services import Service

MOUNTS = "/(run/secrets|root/.npmrc|root/.config|etc/ssl/certs/ca-cert)"
LOOKED = "a thief looked for secrets:"
LOOK = f"! grep -E ' {MOUNTS}' /proc/self/mountinfo && echo {LOOKED} $0 >/proc/1/fd/2"
# Where from it has to have looked, by language.
PLACES = {
    "go": {"the start of a test"},
    "node": {"preinstall", "postinstall"},
    "python": {"setup.py", "a start of Python"},
    "java": {"a plugin"},
}


def archive(files: dict[str, str]) -> bytes:
    """Return a .tar.gz of text files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def wheel(name: str, files: dict[str, str]) -> bytes:
    """Return a wheel, version 1, of text files."""
    info = f"{name}-1.dist-info"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for path, text in {
            **files,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": "",
        }.items():
            file.writestr(path, text)
    return buffer.getvalue()


# Of Python: a source distribution, which is built, and wheels that have their code run at any start of Python, in the
# two ways that there are. What building takes is such a wheel, too.
PYTHON_LOOK = f"""import os, re
if re.search(" {MOUNTS}", open("/proc/self/mountinfo").read()):
    os._exit(77)
try:
    open("/proc/1/fd/2", "w").write("{LOOKED} PLACE\\n")
except OSError:
    pass
"""
AT_START = {
    "NAME.py": PYTHON_LOOK.replace("PLACE", "a start of Python"),
    "NAME.pth": "import NAME\n",
    "sitecustomize.py": "import NAME\n",
}
DISTRIBUTIONS = {
    "robber-1.tar.gz": archive(
        {
            "robber-1/PKG-INFO": "Metadata-Version: 2.1\nName: robber\nVersion: 1\n",
            "robber-1/pyproject.toml": '[build-system]\nrequires = ["setuptools", "helper"]\n'
            'build-backend = "setuptools.build_meta"\n',
            "robber-1/setup.py": PYTHON_LOOK.replace("PLACE", "setup.py")
            + "import setuptools\nsetuptools.setup(name='robber', version='1', py_modules=['robber'])\n",
            "robber-1/robber.py": "",
        }
    ),
    **{
        f"{name}-1-py3-none-any.whl": wheel(
            name, {path.replace("NAME", name): text.replace("NAME", name) for path, text in AT_START.items()}
        )
        for name in ("lurker", "helper")
    },
}


# Of pnpm: a dependency of its configuration, whose hooks it runs before it installs anything.
PNPM_PLUGIN = archive(
    {
        "package/package.json": json.dumps({"name": "pnpm-plugin-thief", "version": "1.0.0"}),
        "package/pnpmfile.cjs": "const { execFileSync } = require('node:child_process');\n"
        f"execFileSync('sh', ['-c', {json.dumps(LOOK)}, 'a hook']);\nmodule.exports = {{ hooks: {{}} }};\n",
    }
)


def index(folder: Path, host: str) -> None:
    """Write the packages of this module into `folder`, as the company's index serves them."""
    (folder / "files").mkdir(parents=True)
    for file, content in DISTRIBUTIONS.items():
        page = folder / "pypi" / "simple" / file.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True)
        checksum = hashlib.sha256(content).hexdigest()
        page.write_text(f'<!DOCTYPE html><a href="https://{host}/files/{file}#sha256={checksum}">{file}</a>')
        (folder / "files" / file).write_bytes(content)
    tarballs = folder / "npm" / "pnpm-plugin-thief" / "-"
    tarballs.mkdir(parents=True)
    (tarballs / "pnpm-plugin-thief-1.0.0.tgz").write_bytes(PNPM_PLUGIN)


def plant(service: Service) -> None:
    """Let a service depend on thieves; it is changed in place."""
    {"go": _go, "node": _node, "python": _python, "java": _java}[service.language](service.path)


def plant_hook(service: Service) -> None:
    """Let pnpm load the hooks of a thief; the service, which uses pnpm, is changed in place."""
    checksum = base64.b64encode(hashlib.sha512(PNPM_PLUGIN).digest()).decode()
    with (service.path / "pnpm-workspace.yaml").open("a") as file:
        file.write(f'configDependencies:\n  pnpm-plugin-thief: "1.0.0+sha512-{checksum}"\n')


def _edit(file: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, lambda _: replacement, file.read_text(), count=1, flags=re.MULTILINE)
    assert count, f"{file}: no {pattern}"
    file.write_text(text)


def _go(folder: Path) -> None:
    thief = folder / "lib" / "thief"
    thief.mkdir(parents=True)
    (thief / "go.mod").write_text("module thief.test/thief\n\ngo 1.25\n")
    look = f'exec.Command("sh", "-c", `{LOOK}`, "the start of a test").Run()'
    (thief / "thief.go").write_text(
        'package thief\n\nimport "os/exec"\n\nfunc init() {\n\tif err := '
        + look
        + "; err != nil {\n\t\tpanic(err)\n\t}\n}\n"
    )
    (folder / "thief_test.go").write_text('package main\n\nimport _ "thief.test/thief"\n')
    with (folder / "go.mod").open("a") as file:
        file.write("\nrequire thief.test/thief v0.0.0\n\nreplace thief.test/thief => ./lib/thief\n")


def _node(folder: Path) -> None:
    manifest = {"name": "thief", "version": "1.0.0", "scripts": {when: f"sh look {when}" for when in PLACES["node"]}}
    content = archive({"package/package.json": json.dumps(manifest), "package/look": LOOK.replace("$0", "$1")})
    (folder / "thief-1.0.0.tgz").write_bytes(content)
    package, lock = (json.loads((folder / name).read_text()) for name in ("package.json", "package-lock.json"))
    for dependencies in (package["dependencies"], lock["packages"][""]["dependencies"]):
        dependencies["thief"] = "file:thief-1.0.0.tgz"
    lock["packages"]["node_modules/thief"] = {
        "version": "1.0.0",
        "resolved": "file:thief-1.0.0.tgz",
        "integrity": f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}",
        "hasInstallScript": True,
    }
    (folder / "package.json").write_text(json.dumps(package, indent=2) + "\n")
    (folder / "package-lock.json").write_text(json.dumps(lock, indent=2) + "\n")


def _python(folder: Path) -> None:
    locked = {file.partition("-")[0]: hashlib.sha256(content).hexdigest() for file, content in DISTRIBUTIONS.items()}
    for name in ("requirements.txt", "requirements-dev.txt"):
        with (folder / name).open("a") as file:
            for package in ("robber", "lurker"):
                file.write(f"{package}==1 \\\n    --hash=sha256:{locked[package]}\n")
    _edit(folder / "pyproject.toml", r"^\[tool\.uv\.pip\]\n", '[tool.uv.pip]\nno-binary = ["robber"]\n')


def _java(folder: Path) -> None:
    plugin = f"""<plugins>
      <plugin>
        <artifactId>maven-antrun-plugin</artifactId>
        <version>3.2.0</version>
        <executions>
          <execution>
            <phase>initialize</phase>
            <goals><goal>run</goal></goals>
            <configuration>
              <target>
                <exec executable="sh" failonerror="true">
                  <arg value="-c"/>
                  <arg value="{LOOK.replace("&", "&amp;").replace(">", "&gt;")}"/>
                  <arg value="a plugin"/>
                </exec>
              </target>
            </configuration>
          </execution>
        </executions>
      </plugin>"""
    _edit(folder / "pom.xml", "<plugins>", plugin)
