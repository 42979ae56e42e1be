"""What commands print and write: a document as JSON, text of others on one line, and new files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

_LONGEST = 4_000  # characters of a line

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(document: object) -> None:
    """Write a document as JSON to standard output."""
    from bot.domain.text import json_text

    click.echo(json_text(document))


def single_line(text: str) -> str:
    """Return a text on one line, so that nothing from elsewhere begins a line of its own."""
    from bot.domain.text import one_line

    return one_line(text, _LONGEST)


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """Yield a new text file, which is deleted again if what is written into it breaks off. Raises OSError."""
    file = path.open("x", encoding="utf-8", newline="")
    try:
        with file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
