"""A service that listens on a port of its own is told so: the build waits a minute for the one that PORT names."""

from __future__ import annotations

import socket


def test_the_smoke_test_says_on_which_port_a_service_listens(bake):
    smoke_test = bake(language="python").tool("smoke-test.py")
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        assert smoke_test.elsewhere(port) == ""
        assert str(port) in smoke_test.elsewhere(0)
