"""A release by one command: `make release VERSION=0.2.0`.

It refuses on a dirty tree, a red check, or a changelog without notes for operators. Otherwise it sets the version in
`bot/__init__.py`, dates the changelog's "Unreleased", writes wheel, source, bill of materials and checksums to
`dist/VERSION/`, commits and tags. If any of that fails, everything is as before. It pushes nothing.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
VERSION_FILE, CHANGELOG = ROOT / "bot" / "__init__.py", ROOT / "CHANGELOG.md"
UNRELEASED = "## Unreleased\n"
NOTES = "### Before you update\n"
_VERSION = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)


@click.command()
@click.argument("version")
def release(version: str) -> None:
    """Make a release, of the version that is given as 0.2.0."""
    check_version(version)
    check_tree()
    check_changelog(CHANGELOG.read_text(encoding="utf-8"))
    if subprocess.run(["make", "check"], cwd=ROOT, check=False).returncode:  # noqa: S607 - whichever make called this
        raise click.ClickException("`make check` is red. Fix what it says, commit, and try again.")
    with undone_if_it_fails(ROOT / "dist" / version):
        set_version(version)
        build(version)
        git("commit", "--quiet", "--all", "--message", f"Release {version}")
        git("tag", "--annotate", f"v{version}", "--message", f"neo-usage {version}")
    click.echo(f"Released {version}: see dist/{version}/. To publish it: git push --follow-tags")


@contextmanager
def undone_if_it_fails(made: Path) -> Iterator[None]:
    """Take back the commit, what was changed for it, and the files in `made`, if the block doesn't end well."""
    before, was_there = git("rev-parse", "HEAD"), made.exists()
    try:
        yield
    except BaseException:
        git("reset", "--quiet", "--soft", before)
        git("checkout", "--quiet", before, "--", str(VERSION_FILE), str(CHANGELOG))
        if not was_there:
            shutil.rmtree(made, ignore_errors=True)
        raise


def check_version(version: str) -> None:
    """Raise ClickException unless the version is one, not older than the present one, and not released yet."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise click.ClickException(f"`{version}` isn't a version. Write it as 0.2.0: make release VERSION=0.2.0")
    if numbers(version) < numbers(present_version()):
        raise click.ClickException(f"{version} is older than {present_version()}, the present version.")
    if git("tag", "--list", f"v{version}"):
        raise click.ClickException(f"{version} is released already: there is a tag v{version}.")


def check_tree() -> None:
    """Raise ClickException if anything is not committed."""
    if changes := git("status", "--porcelain"):
        raise click.ClickException(f"commit or remove these first:\n{changes}")


def check_changelog(text: str) -> None:
    """Raise ClickException unless the changelog begins with what is not released, and says what to do for an update."""
    _, heading, section = text.partition(UNRELEASED)
    section = section.partition("\n## ")[0]
    notes = section.partition(NOTES)[2].partition("\n### ")[0]
    if not heading or not notes.strip():
        raise click.ClickException(
            f"CHANGELOG.md needs `{UNRELEASED.strip()}`, and below it `{NOTES.strip()}` with what operators have to do."
        )


def present_version() -> str:
    """Return the version of the code."""
    found = _VERSION.search(VERSION_FILE.read_text(encoding="utf-8"))
    assert found is not None  # noqa: S101 - the wheel's version comes from the same line
    return found[1]


def numbers(version: str) -> tuple[int, ...]:
    """Return the parts of a version, to compare it by."""
    return tuple(map(int, version.split(".")))


def set_version(version: str) -> None:
    """Write the version into the code, and with today's date over the changelog's newest section."""
    code = VERSION_FILE.read_text(encoding="utf-8")
    VERSION_FILE.write_text(_VERSION.sub(f'__version__ = "{version}"', code), encoding="utf-8")
    today = datetime.now(UTC).date()  # noqa: TID251 - a release is made today
    text = CHANGELOG.read_text(encoding="utf-8")
    CHANGELOG.write_text(text.replace(UNRELEASED, f"## {version} ({today})\n", 1), encoding="utf-8")


def build(version: str) -> None:
    """Write wheel, source, bill of materials and their checksums to `dist/VERSION/`."""
    directory = ROOT / "dist" / version
    run(sys.executable, "-m", "hatchling", "build", "--directory", str(directory))
    run("make", "--no-print-directory", "sbom", f"SBOM=dist/{version}/neo_usage_bot-{version}.cdx.json")
    files = sorted(each for each in directory.iterdir() if f"-{version}" in each.name)
    lines = [f"{sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in files]
    (directory / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def git(*words: str) -> str:
    """Return what git says. Raises ClickException if it fails."""
    return run("git", *words)


def run(*command: str) -> str:
    """Return what a command prints. Raises ClickException with what it says if it fails."""
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 - our own commands
    if done.returncode:
        raise click.ClickException(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


if __name__ == "__main__":
    release()
