"""The doctor's report: a line for each check, or all as a document for JSON."""

from collections.abc import Sequence

from rich.console import Console

from bot.doctor.check import Check, CheckState
from bot.domain.text import one_line
from bot.terminal.layout import print_facts

_LONGEST = 4_000  # characters of a line


def print_report(checks: Sequence[Check], console: Console) -> None:
    """Print a line for each check: its state, what was looked at, what was found, and what to do."""
    width = max(len(check.what) for check in checks)
    facts = [
        (f"{check.state:<4}  {_line(check.what):<{width}}", f"{_line(check.finding)}  {_line(check.remedy)}")
        for check in checks
    ]
    print_facts(console, facts)


def _line(text: str) -> str:
    return one_line(text, _LONGEST)


def to_document(checks: Sequence[Check]) -> dict[str, object]:
    """Return the checks as a document: how many failed and warn, and each with `ok`, `warn` or `fail`."""
    return {
        "failed": sum(check.state is CheckState.FAIL for check in checks),
        "warnings": sum(check.state is CheckState.WARN for check in checks),
        "checks": [
            {"state": check.state.lower(), "what": check.what, "finding": check.finding, "remedy": check.remedy}
            for check in checks
        ],
    }
