"""Every endpoint: what a service may count on in its image."""

import ctypes.util
import curses
import dbm.ndbm
import getpass
import importlib.metadata
import inspect
import json
import locale
import logging
import os
import pwd
import readline
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import certifi
import lib
import magic
import requests
import toolz
import wcwidth
from attrs import define
from fastapi import APIRouter
from fastapi.responses import FileResponse

# What a library may do when it is imported.
logging.basicConfig(format="plain %(message)s")
Path("~/.cache/service").expanduser().mkdir(parents=True)

router = APIRouter()
SETTING = os.environ["SETTING"]
HOST = os.environ["HOSTNAME"]  # as every container has it


@router.get("/")
async def hello() -> dict[str, str]:
    """Greet."""
    return {"message": "Hello from hello-service"}


@router.get("/page")
async def page() -> FileResponse:
    """Send a file of the project, named relative to its folder."""
    return FileResponse("public/page.txt")


@router.get("/files")
async def files() -> dict[str, str | list[str]]:
    """Say where it runs and what is there."""
    return {
        "cwd": str(Path.cwd()),
        "names": sorted(path.name for path in Path().iterdir()),
        "greeting": Path("locales/de/grüße.txt").read_text(encoding="utf-8"),
    }


@router.get("/user")
async def user() -> dict[str, str]:
    """Say who it is."""
    entry = pwd.getpwuid(os.getuid())
    return {"name": entry.pw_name, "home": entry.pw_dir, "getuser": getpass.getuser()}


@router.get("/sources")
def sources() -> dict[str, bool]:
    """Look at sources of packages and of the standard library, and their documentation."""
    modules: list[ModuleType] = [requests, json, curses, dbm.ndbm, readline, toolz, wcwidth]
    return {
        "package": "def get(" in inspect.getsource(requests.api),
        "class": "class JSONEncoder" in inspect.getsource(json.JSONEncoder),
        "documented": "JSON" in (json.dumps.__doc__ or ""),
        "compiled": all(Path(requests.__file__ or "").parent.glob("__pycache__/*.pyc")),
        "imported": all(module.__name__ in sys.modules for module in modules),
        "attrs": "define" in define.__name__,
        # Times of the build's files would make each build another image.
        "timeless": not list(Path(requests.__file__ or "").parents[1].glob("*.dist-info/uv_cache.json")),
    }


@router.get("/library")
def library() -> dict[str, str]:
    """Use the dependency that is a folder."""
    return {
        "version": importlib.metadata.version("lib"),
        "template": lib.template(),
        "command": subprocess.run(["greet"], capture_output=True, text=True).stdout,
    }


@router.get("/trust")
def trust() -> dict[str, bool]:
    """Say whether every client trusts what SSL_CERT_FILE names."""
    named = os.environ["SSL_CERT_FILE"]
    return {
        "certifi": certifi.where() == named,
        "requests": requests.certs.where() == named == os.environ["REQUESTS_CA_BUNDLE"],
        "urllib": ssl.get_default_verify_paths().cafile == named,
    }


@router.get("/magic")
def libmagic() -> dict[str, str | None]:
    """Use a library that is opened by its name, and its data: a package of the distribution."""
    return {
        "kind": magic.from_buffer(b"%PDF-1.4", mime=True),
        "library": ctypes.util.find_library("magic"),
    }


@router.get("/system")
def system() -> dict[str, str | int]:
    """Ask for what every system knows: services, protocols, a locale."""
    return {
        "port": socket.getservbyname("https"),
        "protocol": socket.getprotobyname("tcp"),
        "locale": locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    }


@router.get("/log")
def log() -> dict[str, str]:
    """Log through a logger of a library."""
    logging.getLogger("some.library").warning("from a library")
    return {"setting": SETTING}
