"""Source distributions of Python: the lock file decides what is taken, whatever an index or a mirror says."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.thieves import DISTRIBUTIONS

NAME = "robber-1.tar.gz"
CONTENT = DISTRIBUTIONS[NAME]
LOCKED = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def fetch(bake, tmp_path, monkeypatch) -> Callable[[str, bytes], dict]:
    """Let a service's installer fetch a package from an index that names this link, and serves these bytes."""
    install = bake(language="python").tool("install.py")
    monkeypatch.setattr(install, "SOURCES", tmp_path / "work" / "sources")
    (tmp_path / "work").mkdir()
    (tmp_path / "served" / "robber").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    handler = functools.partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = f'[pip]\nindex-url = "http://127.0.0.1:{server.server_port}"\n'
        (tmp_path / "home" / ".config" / "uv").mkdir(parents=True)
        (tmp_path / "home" / ".config" / "uv" / "uv.toml").write_text(settings)

        def fetch(link: str, content: bytes) -> dict:
            (tmp_path / "served" / "robber" / "index.html").write_text(f'<a href="{link}">{NAME}</a>')
            (tmp_path / "served" / "file.tar.gz").write_bytes(content)
            (tmp_path / "served" / NAME).write_bytes(content)
            return install.fetch(f"robber==1 --hash=sha256:{LOCKED}")

        yield fetch
        server.shutdown()


def written(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_what_was_locked_is_fetched(fetch, tmp_path):
    assert fetch(f"../{NAME}#sha256={LOCKED}", CONTENT)["build-system"]["requires"] == ["setuptools", "helper"]
    assert written(tmp_path / "work") == {f"sources/{NAME}": CONTENT}


def test_a_file_is_not_believed_to_be_what_its_link_says(fetch, tmp_path):
    """Else its pyproject.toml would say what is installed for building it."""
    with pytest.raises(SystemExit, match=f"{NAME} of http.* is not the file that was locked"):
        fetch(f"../{NAME}#sha256={LOCKED}", CONTENT + b"x")
    assert not written(tmp_path / "work")


def test_a_link_to_a_file_that_was_not_locked_is_passed_over(fetch, tmp_path):
    other = hashlib.sha256(CONTENT + b"x").hexdigest()
    with pytest.raises(SystemExit, match=r"no \.tar\.gz with a checksum of the lock file"):
        fetch(f"../{NAME}#sha256={other}", CONTENT + b"x")
    assert not written(tmp_path / "work")


@pytest.mark.parametrize("up", ["..%2F", "%2e%2e%2f", "x/..%2f..%2f"])
def test_a_link_does_not_say_where_a_file_is_written(fetch, tmp_path, up):
    fetch(f"../{up}file.tar.gz#sha256={LOCKED}", CONTENT)
    assert written(tmp_path / "work") == {"sources/file.tar.gz": CONTENT}
