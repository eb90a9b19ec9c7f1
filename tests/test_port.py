"""A service that listens on a port of its own is told so: the build waits a minute for the one that PORT names."""

from __future__ import annotations

import importlib.util
import socket


def test_the_smoke_test_says_on_which_port_a_service_listens(bake):
    tool = bake(language="python").path / "docker" / "tools" / "smoke-test.py"
    spec = importlib.util.spec_from_file_location("smoke_test", tool)
    smoke_test = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(smoke_test)
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        assert smoke_test.elsewhere(port) == ""
        assert str(port) in smoke_test.elsewhere(0)
