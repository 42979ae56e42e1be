"""Errors of the command line: what an operator can act on becomes one line and an exit code."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import NoReturn, ParamSpec

import click

from bot.cli.output import single_line

_MOST_PROBLEMS = 50  # that are listed
FAILED, WRONG_USE, USED_UP = 1, 2, 3  # the last one: a budget is used up
_REMOTE = {"bot.neo.errors", "bot.slack.errors"}  # by name, since importing them takes longer than most commands
P = ParamSpec("P")


class Debug:
    """Whether errors show their traceback (`--debug`)."""

    is_on = False


def print_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Return the command with what it raises printed as one line and turned into an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            fail("interrupted. Nothing is half done: run the same command again to go on.")
        except BrokenPipeError:  # whoever read our output is gone
            raise click.exceptions.Exit(FAILED) from None
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except Exception as error:
            if Debug.is_on:
                raise
            print_error(error_text(error))
            raise click.exceptions.Exit(exit_code(error)) from None

    return run


def fail(text: str, code: int = FAILED) -> NoReturn:
    """End the command with a line to standard error and an exit code."""
    print_error(single_line(text))
    raise click.exceptions.Exit(code)


def fail_with(heading: str, problems: Sequence[str], code: int = FAILED) -> NoReturn:
    """End the command with a heading and a line for each problem to standard error, if not too many, and a code."""
    more = len(problems) - _MOST_PROBLEMS
    lines = [*map(single_line, problems[:_MOST_PROBLEMS]), *([f"... and {more:,} more"] if more > 0 else ())]
    print_error("\n  ".join([heading, *lines]))
    raise click.exceptions.Exit(code)


def print_error(text: str) -> None:
    """Write what is wrong to standard error."""
    click.echo(f"neo-usage: {text}", err=True)


def error_text(error: Exception) -> str:
    """Return what happened and what to do, for a person."""
    from bot.database.errors import LedgerError, engine_message
    from bot.settings.errors import SettingsError

    if isinstance(error, SettingsError):
        problems = [single_line(each) for each in error.problems]
        return (
            f"{error.HEADING_OF_ONE} {problems[0]}" if len(problems) == 1 else "\n  ".join([error.HEADING, *problems])
        )
    if isinstance(error, (*_wrong_uses(), LedgerError)) or _is_remote(error):
        return single_line(str(error))
    if (cause := engine_message(error)) is not None:
        why = f"the database failed: {single_line(cause)}."
        return f"{why} `neo-usage doctor` checks for a full disk and for missing rights."
    if isinstance(error, FileExistsError):
        return single_line(f"{error.filename} exists already. Name a new file.")
    if isinstance(error, OSError):
        return single_line(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.")
    return f"unexpected {type(error).__name__}. Run `neo-usage --debug ...` and report what it prints."


def exit_code(error: Exception) -> int:
    """Return with which code a command ends that raised an error."""
    return WRONG_USE if isinstance(error, _wrong_uses()) else FAILED


def _wrong_uses() -> tuple[type[Exception], ...]:
    """Return the errors of a command that was typed wrongly."""
    from bot.domain.access import RefusedError
    from bot.domain.query.errors import QueryError, WhenError

    return QueryError, WhenError, RefusedError


def _is_remote(error: Exception) -> bool:
    return any(each.__module__ in _REMOTE for each in type(error).__mro__)
