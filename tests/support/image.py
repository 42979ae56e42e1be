"""The image without Docker: the Dockerfile's own steps, run on this machine under a directory instead of `/`."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE, IGNORED = ROOT / "deploy" / "Dockerfile", ROOT / ".dockerignore"
IS_ROOT = os.geteuid() == 0
# any user of the group root; what it may read is looked at apart, since the interpreter itself may be in root's home
STRANGER = (
    "setpriv", "--reuid=12345", "--regid=0", "--clear-groups", "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)  # fmt: skip


@dataclass(frozen=True)
class Instruction:
    """A line of a Dockerfile, such as COPY with all that follows it."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """What follows it, as a list: of JSON, or between blanks."""
        return list(json.loads(self.rest)) if self.rest.startswith("[") else self.rest.split()


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile in their order."""
    without_comments = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    for line in without_comments.replace("\\\n", "").splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield Instruction(name, rest.strip())


def stages(text: str) -> list[list[Instruction]]:
    """Return the instructions of each stage, without those before the first."""
    found: list[list[Instruction]] = []
    for each in instructions(text):
        if each.name == "FROM":
            found.append([])
        elif found:
            found[-1].append(each)
    return found


class Image:
    """What the Dockerfile makes, under a directory: its steps are run, and its commands can be."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.build, self.final = stages(DOCKERFILE.read_text(encoding="utf-8"))
        self.installed, self.data = directory / "opt" / "neo-usage", directory / "data"

    def make(self) -> None:
        """Run the steps of both stages; then nobody may write what is installed. Raises CalledProcessError."""
        for name in ("bin", "src", "opt", "tmp", "home"):
            (self.directory / name).mkdir()
        (self.directory / "tmp").chmod(0o1777)
        python = self.directory / "bin" / "python"  # which has no such name everywhere
        python.write_text(f'#!/bin/sh\nexec {sys._base_executable} "$@"\n')  # type: ignore[attr-defined]  # noqa: SLF001
        python.chmod(0o755)
        for each in self.build:
            self._copy(each) if each.name == "COPY" else self._run(each)
        for each in self.final:
            self._run(each)
        subprocess.run(["chmod", "-R", "a-w", self.installed], check=True)  # noqa: S603, S607

    def _copy(self, instruction: Instruction) -> None:
        """Copy what the context holds, and nothing else, as the builder does."""
        *sources, target = instruction.words
        allowed = IGNORED.read_text(encoding="utf-8").splitlines()
        left_out = shutil.ignore_patterns(*(each[3:] for each in allowed if each.startswith("**/")))
        for source in sources:
            assert f"!{source}" in allowed, f"{source} is not in the context"
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, self.directory / "src" / target, ignore=left_out)
            else:
                shutil.copy(ROOT / source, self.directory / "src" / target)

    def _run(self, instruction: Instruction) -> None:
        if instruction.name == "RUN":
            step = instruction.rest if IS_ROOT else instruction.rest.replace("-o 10001 -g 0 ", "")
            step = re.sub(r"(?<![\w.])/(?=opt/|data\b)", f"{self.directory}/", step)
            paths = os.pathsep.join([str(self.directory / "bin"), os.environ["PATH"]])
            variables = {**os.environ, "PATH": paths, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
            subprocess.run(step, shell=True, check=True, cwd=self.directory / "src", env=variables)  # noqa: S602 - a step

    def argument(self, name: str) -> list[str]:
        """Return the words of ENTRYPOINT, CMD or HEALTHCHECK."""
        [found] = [each for each in self.final if each.name == name]
        return list(json.loads(found.rest[found.rest.index("[") :]))

    def command(self, *words: str) -> list[str]:
        """Return a command as a stranger to this machine runs it, with the image's own programs first."""
        return [*(STRANGER if IS_ROOT else ()), str(self.installed / "bin" / words[0]), *words[1:]]

    def secrets(self, **values: str) -> dict[str, str]:
        """Write secrets to files that their owner alone may read; return the variables that name the files."""
        directory = self.directory / "secrets"
        directory.mkdir(exist_ok=True)
        for name, value in values.items():
            (directory / name).write_text(f"{value}\n", encoding="utf-8")
            (directory / name).chmod(0o400)
        return {f"{name.upper()}_FILE": str(directory / name) for name in values}

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Return all the variables that a command gets: there is no home."""
        paths = f"{self.installed / 'bin'}:/usr/bin:/bin"
        return {"PATH": paths, "TMPDIR": str(self.directory / "tmp"), "PYTHONDONTWRITEBYTECODE": "1", **settings}

    def run(self, *words: str, settings: Mapping[str, str], cwd: Path) -> "subprocess.CompletedProcess[str]":
        """Run a command until it ends."""
        return subprocess.run(  # noqa: S603 - the image's own commands
            self.command(*words), check=False, cwd=cwd, env=self.environment(settings), capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
