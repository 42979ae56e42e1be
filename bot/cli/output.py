"""What commands print: a document as JSON, and text of others on one line."""

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
