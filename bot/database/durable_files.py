"""Durable files: names and contents that are on the disk when a function returns."""

import os
import shutil
from pathlib import Path


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
        unfinished = other.with_name(f"{other.name}.part")
        try:
            shutil.copy2(file, unfinished)
            flush(unfinished)
            unfinished.replace(other)
        finally:
            unfinished.unlink(missing_ok=True)
