"""What the image installs is there for each kind of processor that it is made for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]

HERE = Path(__file__).parents[2]
REQUIRED = os.environ.get("NEO_USAGE_REGISTRY") == "required"
BASE = re.compile(r"^ARG BASE=python:(3\.\d+)-slim-bookworm$", re.MULTILINE)
GLIBC = (17, 28, 34)  # of the base's system, which has 2.36: wheels name the oldest that they run with


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_lock_has_a_wheel_of_every_package(machine: str, tmp_path: Path) -> None:
    (version,) = BASE.findall((HERE / "deploy" / "Dockerfile").read_text(encoding="utf-8"))
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in GLIBC]
    command = [
        sys._base_executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps",  # type: ignore[attr-defined]  # noqa: SLF001
        "--only-binary=:all:", *platforms, f"--python-version={version}", f"--target={tmp_path}", "--require-hashes",
        "--requirement", str(HERE / "requirements.lock"),
    ]  # fmt: skip
    tried = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - pip
    if tried.returncode and "No matching distribution" not in tried.stderr and not REQUIRED:
        pytest.skip("THE WHEELS OF THE LOCK ARE NOT LOOKED UP: pip failed, which needs a package registry")
    assert tried.returncode == 0, tried.stderr
