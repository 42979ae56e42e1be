"""Durable files: names and contents that are on the disk when a function returns, and names for what is not yet."""

import os
import shutil
from pathlib import Path


def own_name(path: Path, purpose: str) -> Path:
    """Return the name beside a file for one that only this program makes: what is left of it may be deleted."""
    return path.with_name(f"{path.name}.neo-usage-{purpose}")


def flush(path: Path) -> None:
    """Write a file, or the names in a directory, to the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def link(file: Path, other: Path) -> None:
    """Give a file another name; copy it where the file system has no links."""
    try:
        os.link(file, other)
    except OSError:
        unfinished = own_name(other, "part")
        try:
            shutil.copy2(file, unfinished)
            flush(unfinished)
            unfinished.replace(other)
        finally:
            unfinished.unlink(missing_ok=True)
