"""Answers to a line that is not understood: what is wrong with it, and buttons that ask what may have been meant."""

from collections.abc import Iterable, Iterator

from bot.domain.keys import NamedLineAction
from bot.domain.query.errors import EMPTY, AmbiguousError, QueryError
from bot.domain.slack_ids import with_nobody_named
from bot.slack import blocks
from bot.slack.blocks import Button, Message
from bot.slack.templates import Templates


class CommandAction(NamedLineAction):
    """Does what typing a line would do, for whoever presses it."""

    __slots__ = ()
    kind = "command"


def line_error_message(
    error: QueryError, templates: Templates, action: type[NamedLineAction], command: str = ""
) -> Message:
    """Return the answer to a line; its buttons are of the kind `action`, and ask a line behind `command`."""
    if isinstance(error, AmbiguousError):
        lines = [(f"choice{number}", line) for number, line in enumerate(error.lines, 1)]
        text = templates.render("usage/choice", why=error.why, lines=[_typed(line, command) for _, line in lines])
    else:
        lines = [("instead", error.instead)] if error.instead else []
        text = error_text(error, templates, command)
    return blocks.paragraph(text, list(line_buttons(lines, action, command)))


def error_text(error: QueryError, templates: Templates, command: str = "") -> str:
    """Return what is wrong with a line, and the line to type instead."""
    behind = error.behind(command) if command else error
    values = {"word": behind.word, "column": behind.column, "reason": behind.reason, "instead": behind.instead or ""}
    return templates.render("usage/syntax_error", advice=behind.advice, **values)


def line_buttons(
    lines: Iterable[tuple[str, str]], action: type[NamedLineAction], command: str = ""
) -> Iterator[Button]:
    """Return a button for each line, by its name in the message; a line that no button can hold has none."""
    for name, line in lines:
        key = action(name, line)
        if len(key.value) <= blocks.LONGEST_VALUE:
            yield blocks.button(with_nobody_named(_typed(line, command)), key)


def _typed(line: str, command: str) -> str:
    return f"{command} {line}".strip() or EMPTY
