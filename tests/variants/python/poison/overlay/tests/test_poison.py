"""What a pull request may bring."""

import subprocess


def test_poison() -> None:
    subprocess.run(["/bin/sh", "poison.sh"], check=True)
