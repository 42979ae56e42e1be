"""What to type in the terminal for a command of Slack's that stands behind `neo-usage report`."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.cli.errors import WRONG_USE, fail

_HERE = {
    "backtest": "backtest", "balance": "balance", "budget": "budget", "budgets": "budget list", "digest": "digest",
    "errors": "errors", "explain": "explain", "export": "export", "help": "--help", "overview": "report this month",
    "reconcile": "reconcile", "status": "status", "subscribe": "subscription add",
    "subscriptions": "subscription list", "threshold": "budget", "unsubscribe": "subscription remove",
}  # fmt: skip
_IN_SLACK_ONLY = {"link", "notify", "reschedule", "snooze"}


@contextmanager
def naming_commands(line: str) -> Iterator[None]:
    """Have an error about a line that is no question, but a command, say how to run that one. Raises Exit then."""
    from bot.domain.query.errors import QueryError

    try:
        yield
    except QueryError:
        command = _command(line)
        if command in _HERE:
            fail(f"That is a command, not a question. Type `neo-usage {_HERE[command]}`.", code=WRONG_USE)
        if command in _IN_SLACK_ONLY:
            fail(f"`{command}` is a command for Slack. Type it there, behind `/neo-usage`.", code=WRONG_USE)
        raise


def _command(line: str) -> str:
    """Return the first word of the command that a line is, in its own words or in everyday ones; empty if of none."""
    from bot.domain.everyday.commands import command_line

    first = line.partition(" ")[0].lower()
    if first in _HERE or first in _IN_SLACK_ONLY:
        return first
    return (command_line(line) or "").partition(" ")[0]
