"""`make release` in a clone: what it refuses, and what it makes."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from bot import __version__
from tests.support.locks import ROOT, RUNNING

NEXT = f"{int(__version__.partition('.')[0]) + 1}.0.0"
REAL = {"python", "cyclonedx-py"}  # the other tools of the clone only say that all is well
NOTES = "## Unreleased\n\n### Before you update\n\n- Make a backup.\n\n"

pytestmark = [pytest.mark.long, pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")]


def git(clone: Path, *words: str) -> str:
    """What git says in the clone, under a name of its own."""
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    done = subprocess.run(["git", *identity, *words], cwd=clone, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is here, committed or not, with something to release, in a repository of its own."""
    directory = tmp_path_factory.mktemp("origin")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("docs/", "tests/", "benchmarks/")):
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, directory / name)
    changelog = directory / "CHANGELOG.md"
    older = re.sub(r"## Unreleased\n", "## 0.0.1 (2026-01-01)\n", changelog.read_text(encoding="utf-8"))
    changelog.write_text(older.replace("\n## ", f"\n{NOTES}## ", 1), encoding="utf-8")
    git(directory, "init", "--quiet", "--initial-branch=main")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", "All")
    return directory


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Path:
    """A clone of it with tools, all of which find nothing wrong."""
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    directory = tmp_path / "clone"
    tools = set(re.findall(r"\$\(BIN\)/([\w-]+)", (ROOT / "Makefile").read_text(encoding="utf-8")))
    for tool in tools:
        real = Path(sys.executable).with_name(tool)
        set_tool(directory, tool, f'exec {real} "$@"' if tool in REAL else "exit 0")
    (directory / ".venv" / ".installed").touch()
    return directory


def set_tool(clone: Path, tool: str, does: str) -> None:
    """Let a tool of the clone do something else."""
    path = clone / ".venv" / "bin" / tool
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)


def release(clone: Path, version: str = NEXT) -> "subprocess.CompletedProcess[str]":
    identity = {f"GIT_{who}_{what}": "ann@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(  # noqa: S603
        ["make", "release", f"VERSION={version}"], cwd=clone, check=False, capture_output=True, text=True,  # noqa: S607
        env={**os.environ, **identity, "MAKEFLAGS": ""},
    )  # fmt: skip


def assert_refused(clone: Path, version: str, why: str) -> None:
    before = git(clone, "status", "--porcelain"), git(clone, "log", "-1", "--format=%H")
    refused = release(clone, version)
    assert refused.returncode != 0
    assert why in refused.stdout + refused.stderr
    assert (git(clone, "status", "--porcelain"), git(clone, "log", "-1", "--format=%H")) == before
    assert git(clone, "tag") == ""
    assert not (clone / "dist").exists()


@pytest.mark.slow
def test_it_makes_all_of_a_release_and_makes_it_once(clone: Path) -> None:
    done = release(clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "tag", "--points-at", "HEAD") == f"v{NEXT}"
    changed = git(clone, "diff", "--name-only", "HEAD~1").splitlines()
    assert changed == ["CHANGELOG.md", "bot/__init__.py"]
    heading = git(clone, "diff", "-U0", "HEAD~1", "--", "CHANGELOG.md").splitlines()[-2:]
    assert heading[0] == "-## Unreleased"
    assert re.fullmatch(rf"\+## {re.escape(NEXT)} \(20\d\d-\d\d-\d\d\)", heading[1])
    check_files(clone)
    again = release(clone)
    assert again.returncode != 0
    assert f"there is a tag v{NEXT}" in again.stderr


def check_files(clone: Path) -> None:
    """Wheel, source and bill of materials are of that version, and their checksums are theirs."""
    made = clone / "dist" / NEXT
    names = [f"neo_usage_bot-{NEXT}{each}" for each in ("-py3-none-any.whl", ".cdx.json", ".tar.gz")]
    sums = dict(line.split("  ")[::-1] for line in (made / "SHA256SUMS").read_text().splitlines())
    assert sums == {each: sha256((made / each).read_bytes()).hexdigest() for each in names}
    assert {each.name for each in made.iterdir()} == {*names, "SHA256SUMS"}
    with zipfile.ZipFile(made / names[0]) as wheel:
        assert f"\nVersion: {NEXT}\n" in wheel.read(f"neo_usage_bot-{NEXT}.dist-info/METADATA").decode()
        assert f'__version__ = "{NEXT}"' in wheel.read("bot/__init__.py").decode()
    bill = json.loads((made / names[1]).read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", NEXT)
    assert {each["name"].lower().replace("_", "-") for each in bill["components"]} == set(RUNNING)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "why"),
    [("", "Missing argument"), ("2", "isn't a version"), ("v2.0.0", "isn't a version"), ("0.0.0", "is older than")],
)
def test_it_refuses_what_is_no_new_version(clone: Path, version: str, why: str) -> None:
    assert_refused(clone, version, why)


@pytest.mark.slow
def test_it_refuses_a_dirty_tree(clone: Path) -> None:
    (clone / "README.md").write_text("changed")
    assert_refused(clone, NEXT, "README.md")


@pytest.mark.slow
def test_it_refuses_a_red_check(clone: Path) -> None:
    set_tool(clone, "mypy", "exit 1")
    assert_refused(clone, NEXT, "`make check` is red")


@pytest.mark.slow
def test_it_refuses_a_changelog_that_tells_operators_nothing(clone: Path) -> None:
    changelog = clone / "CHANGELOG.md"
    changelog.write_text(changelog.read_text(encoding="utf-8").replace("- Make a backup.\n", "", 1), encoding="utf-8")
    git(clone, "commit", "--quiet", "--all", "--message", "Say nothing")
    assert_refused(clone, NEXT, "### Before you update")


@pytest.mark.slow
@pytest.mark.parametrize("failing", ["bill of materials", "commit", "tag"])
def test_what_fails_in_between_leaves_everything_as_it_was(clone: Path, failing: str) -> None:
    fail_at(clone, failing)
    before = git(clone, "log", "-1", "--format=%H")
    failed = release(clone)
    assert failed.returncode != 0
    assert f"no {failing}" in failed.stderr
    assert git(clone, "log", "-1", "--format=%H") == before
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "tag") == ""
    assert [each for each in (clone / "dist").rglob("*") if each.is_file()] == []


def fail_at(clone: Path, step: str) -> None:
    """Let a step of the release fail, and say so."""
    if step == "bill of materials":
        set_tool(clone, "cyclonedx-py", f"echo no {step} >&2; exit 1")
        return
    name = {"commit": "pre-commit", "tag": "reference-transaction"}[step]
    hook = clone / ".git" / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nif [ {step} = commit ] || grep -q refs/tags/; then echo no {step} >&2; exit 1; fi\n")
    hook.chmod(0o755)
