"""Processes that are forked from one that has imported the bot: to import it takes longer than much of what they do."""

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.support.command", "tests.support.service_process"])


def forked(function: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """Start a function, which a module defines, in a process of its own; return the process."""
    process = _FORKING.Process(target=function, args=arguments)
    process.start()
    return process


def send(process: BaseProcess, which: int) -> None:
    """Send a signal to a process; the dead do not mind."""
    if process.is_alive() and process.pid is not None:
        os.kill(process.pid, which)


def kill(process: BaseProcess) -> None:
    """End a process at once, frozen or not, and wait until it has."""
    process.kill()
    process.join()
