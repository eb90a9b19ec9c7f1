"""A service that cannot start without something from outside: what it may end for, and what not.

The variants `skipped` and `unwritable` prove it in builds; here are more ends, for the program that runs anywhere.
"""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

WARNING = """
import logging
try:
    import missing
except ImportError:
    logging.exception("without an optional module")
"""
REFUSED = "import socket; socket.create_connection(('127.0.0.1', 1))"
LIBRARY = "import ctypes; ctypes.CDLL('libmissing.so.1')"

EXCUSED = {
    "refused": REFUSED,
    "refused after a warning": f"{WARNING}\n{REFUSED}",
    "refused while a module is missing": f"try:\n import missing\nexcept ImportError:\n {REFUSED}",
    "setting": "import os; os.environ['DATABASE_URL_OF_PRODUCTION']",
    "setting after a warning": f"{WARNING}\nraise KeyError('DATABASE_URL')",
    "said in a line": "print(\"No module named 'uvloop'\"); raise SystemExit('DATABASE_URL is missing')",
    "file that may be mounted": "open('config/production.json')",
    "port": "raise PermissionError(13, 'Permission denied')",
    "good end": "import logging\ntry:\n import missing\nexcept ImportError:\n logging.exception('good')",
}
FAULTS = {
    "module": "import missing",
    "module, as another error": "try:\n import missing\nexcept ImportError:\n raise ValueError('no driver')",
    "module, logged": f"{WARNING}\nraise SystemExit(3)",
    "module, in JSON": "import json, traceback\ntry:\n import missing\nexcept ImportError:\n"
    " print(json.dumps({'error': traceback.format_exc()}))\n raise SystemExit(1)",
    "module, in a line": "raise SystemExit(\"cannot start: No module named 'missing'\")",
    "library": LIBRARY,
    "program": "import subprocess; subprocess.run(['missing-program'])",
    "read-only": "raise OSError(30, 'Read-only file system', '/app/uploads')",
    "not writable": "raise PermissionError(13, 'Permission denied', '/app/uploads')",
    "crash": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
}


@pytest.fixture
def smoke_test(bake, tmp_path) -> ModuleType:
    program = bake(language="python").tool("smoke-test.py")
    program.OUTPUT = tmp_path / "service.log"
    return program


def judge(smoke_test: ModuleType, source: str, reason: str = "It needs a database") -> str:
    """What the smoke test says of a service of these lines."""
    with smoke_test.OUTPUT.open("wb") as output:
        service = subprocess.Popen([sys.executable, "-uc", source], stdout=output, stderr=output)
    return smoke_test.judge(service, service.wait(), reason)


@pytest.mark.parametrize("end", EXCUSED)
def test_a_service_may_end_for_want_of_what_is_outside(smoke_test, end):
    assert judge(smoke_test, EXCUSED[end]).startswith("ended with exit code ")


@pytest.mark.parametrize("end", FAULTS)
def test_a_service_may_not_end_for_want_of_what_its_image_has_to_have(smoke_test, end):
    with pytest.raises(SystemExit, match="which the line skip does not excuse"):
        judge(smoke_test, FAULTS[end])


def test_what_the_reason_names_is_taken_to_be_outside(smoke_test):
    assert judge(smoke_test, LIBRARY, "It needs libmissing.so.1, of the node's driver")
    assert judge(smoke_test, FAULTS["not writable"], "It needs a volume at /app/uploads")
