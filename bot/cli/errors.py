"""Errors of the command line: what an operator can act on becomes one line and an exit code."""

from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec

import click

FAILED, WRONG_USE = 1, 2
_LONGEST = 4_000  # characters of a line
P = ParamSpec("P")


class Debug:
    """Whether errors show their traceback (`--debug`)."""

    is_on = False


def in_one_line(command: Callable[P, None]) -> Callable[P, None]:
    """Have what a command raises shown as one line, and turned into an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            fail("interrupted. What was booked stays; the next sync goes on from there.")
        except BrokenPipeError:  # the reader of our output has left: nobody to tell
            raise click.exceptions.Exit(FAILED) from None
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except Exception as error:
            if Debug.is_on:
                raise
            complain(sentence_of(error))
            raise click.exceptions.Exit(_code_of(error)) from None

    return run


def fail(text: str, code: int = FAILED) -> NoReturn:
    """End the command with a line to standard error and an exit code."""
    complain(one_line(text))
    raise click.exceptions.Exit(code)


def complain(text: str) -> None:
    """Write what is wrong to standard error."""
    click.echo(f"neo-usage: {text}", err=True)


def one_line(text: str) -> str:
    """Return a text as one line, in which nothing from elsewhere begins a line of its own."""
    from bot.domain.text import one_line

    return one_line(text, _LONGEST)


def sentence_of(error: Exception) -> str:
    """Return what happened and what to do, for a person."""
    from bot.database.errors import LedgerError
    from bot.domain.access import RefusedError
    from bot.domain.query.errors import QueryError, WhenError
    from bot.settings.errors import SettingsError

    if isinstance(error, SettingsError):
        return "\n  ".join([error.HEADING, *map(one_line, error.problems)])
    if isinstance(error, (RefusedError, QueryError, WhenError, LedgerError)) or _is_remote(error):
        return one_line(str(error))
    if type(error).__module__.startswith(("sqlite3", "sqlalchemy")):
        cause = one_line(str(getattr(error, "orig", error)))
        return f"the database failed: {cause}. Is the disk full, or the file another's? `neo-usage doctor` looks."
    if isinstance(error, OSError):
        return one_line(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.")
    return f"unexpected {type(error).__name__}. Run again with `neo-usage --debug ...` and report what it shows."


def _is_remote(error: Exception) -> bool:
    return any(each.__module__ in {"bot.neo.errors", "bot.slack.errors"} for each in type(error).__mro__)


def _code_of(error: Exception) -> int:
    from bot.domain.access import RefusedError
    from bot.domain.query.errors import QueryError, WhenError

    return WRONG_USE if isinstance(error, (QueryError, WhenError, RefusedError)) else FAILED
