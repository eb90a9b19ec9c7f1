"""Fails."""

import pytest


def test_broken() -> None:
    pytest.fail("deliberately broken")
