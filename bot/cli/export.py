"""The command `export`: a month's spend as a file for finance."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.errors import WRONG_USE, fail, print_errors
from bot.cli.output import new_file, single_line
from bot.cli.startup import load_app

if TYPE_CHECKING:
    from bot.usage.report import Report

_MONTH = re.compile(r"\d{4}-\d\d")


@click.command("export")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--focus", "is_focus", is_flag=True, help="In the columns of FOCUS 1.2, which is the only format there is."
)
@click.option("--month", metavar="YYYY-MM", required=True, help="The month, such as 2026-11.")
@click.option("--by", "lines_by", type=click.Choice(["day", "charge"]), default="day", help="What a line is for.")
@click.option("--account", default="ProjectDiscovery Neo", help="Whose bill it is: BillingAccountId.")
@print_errors
def export(file: Path | None, month: str, lines_by: str, account: str, *, is_focus: bool) -> None:
    """Write a month's spend as CSV, for finance: to a new file, or to standard output.

    Standard error gets how old the data is, and what is missing or assumed.

    Example: neo-usage export --focus --month 2026-11 neo-2026-11.csv
    """
    from bot.usage.focus.export import LinesBy, focus_file
    from bot.usage.report_builder import terminal_report
    from bot.usage.report_printer import freshness_line

    if not is_focus:
        fail("Say in which format: `--focus`.", code=WRONG_USE)
    if not _MONTH.fullmatch(month):
        fail(f"`{month}` isn't a month such as 2026-11.", code=WRONG_USE)
    if not account.strip():
        fail("`--account` needs a name: FOCUS has no row without a billing account.", code=WRONG_USE)
    app = load_app()
    now, stale_after = app.clock(), timedelta(seconds=2 * app.settings.poll_seconds)
    with app.ledger.reader() as connection:
        report = terminal_report(connection, app.settings, month, now)
        focus = focus_file(connection, app.settings, report.window, LinesBy(lines_by), account)
        if file is None:
            focus.write(sys.stdout)
            if missing := _missing(report):
                click.echo(missing, err=True)
        else:
            with new_file(file) as target:
                rows = focus.write(target)
            click.echo(single_line(_summary(report, rows, file)))
    click.echo(single_line(freshness_line(report, now, stale_after).plain), err=True)


def _summary(report: "Report", rows: int, file: Path) -> str:
    from bot.domain.formatting import count
    from bot.domain.money import show_usd

    return f"Wrote {count(rows, 'row')} to {file}: {show_usd(report.spend_nanos)}. {_missing(report)}".rstrip()


def _missing(report: "Report") -> str:
    from bot.domain.formatting import count

    unknown = report.total.without_cost
    return f"{count(unknown, 'task')} with unknown cost not included." if unknown else ""


COMMANDS = (export,)
