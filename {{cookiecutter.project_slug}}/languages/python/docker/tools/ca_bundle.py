"""Makes one setting hold for every client. Part of the template: an update replaces it.

SSL_CERT_FILE names the CA certificates. OpenSSL reads it, and with it `ssl`, urllib and aiohttp;
others have a variable of their own, or trust the package certifi alone. The image's interpreter
runs this at its start.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

VARIABLES = (
    "AWS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "REQUESTS_CA_BUNDLE",
)


def where() -> str:
    """Return the file: what certifi.where() returns in this image."""
    return os.environ["SSL_CERT_FILE"]


def contents() -> str:
    """Return what is in it, without the letters that names in comments may have."""
    return Path(where()).read_text("ascii", "ignore")


class CertifiFinder:
    """Finds certifi as usual, and gives it this file in place of its own."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return certifi's specification; None for every other module."""
        spec = PathFinder.find_spec(name, path, target) if name == "certifi" else None
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                vars(module).update(where=where, contents=contents)

            # One module's loader is changed on purpose.
            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if "SSL_CERT_FILE" in os.environ:
    for variable in VARIABLES:
        os.environ.setdefault(variable, where())
    sys.meta_path.insert(0, CertifiFinder)
