"""The `neo-usage` command, run in the process of a test, or in one that is forked."""

import gc
import io
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import structlog

from bot.cli.main import main


def run_command(
    words: tuple[str, ...], environment: Mapping[str, str], directory: Path, encoding: str = "utf-8"
) -> CompletedProcess[str]:
    """Run a command as a shell would, in a directory and with exactly these variables; return how it ended."""
    with _restored_process(), pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        _set_variables(environment)
        patch.setattr(sys, "argv", ["neo-usage", *words])
        patch.setattr(gc, "freeze", lambda: None)  # what tests leave is looked for as before
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = (_text(stream) for stream in streams)
    return CompletedProcess(words, int(ended.value.code or 0), out, err)


def become_command(words: tuple[str, ...], environment: Mapping[str, str], directory: Path) -> None:
    """Let this process, which a test has forked, be a command; what it says goes to `PID.out` and `PID.err` there."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, kind in ((1, "out"), (2, "err")):
        with (directory / f"{os.getpid()}.{kind}").open("wb") as file:
            os.dup2(file.fileno(), descriptor)
    sys.argv = ["neo-usage", *words]
    main()


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def _set_variables(variables: Mapping[str, str]) -> None:
    wanted = dict(variables)  # they may be the process's own
    os.environ.clear()
    os.environ.update(wanted)


@contextmanager
def _restored_process() -> Iterator[None]:
    """Put back what a command changes of its process, which here is that of other tests too."""
    umask, root = os.umask(0o022), logging.getLogger()
    threshold, variables = gc.get_threshold(), dict(os.environ)
    handlers, levels = root.handlers[:], (root.level, logging.getLogger("bot").level)
    try:
        yield
    finally:
        os.umask(umask)
        _set_variables(variables)
        gc.set_threshold(*threshold)
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        logging.getLogger("bot").setLevel(levels[1])
