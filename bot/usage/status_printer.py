"""Prints the status in the terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from bot.domain.cells import Cell, count_cell, moment_cell
from bot.domain.formatting import dated_time, local_time
from bot.domain.text import one_line
from bot.domain.timestamps import from_us
from bot.ledger.passes.history import PassRecord
from bot.terminal.layout import print_facts, print_line, print_table
from bot.usage.status import (
    LedgerStatus,
    backup_text,
    details_text,
    message_counts_text,
    neo_total_text,
    read_kind_text,
    rejected_rows_text,
    task_counts_text,
)

_MOST_LISTED = 10


def print_status(
    status: LedgerStatus, document: dict[str, Any], console: Console, zone: ZoneInfo, now: datetime
) -> None:
    """Print a status; `document` is the same as data."""
    if status.warning:
        print_line(console, f"WARNING: {one_line(status.warning, 400)}", style="bold red")
    print_facts(console, _facts(status, document, zone, now))
    _print_list(
        console,
        "Rejected rows",
        [
            f"{one_line(each.key, 60)}: {one_line(each.reason)} (since {dated_time(each.first_seen_at, zone, now)})"
            for each in status.quarantine
        ],
    )
    _print_list(
        console,
        "Messages that couldn't be sent",
        [
            f"{one_line(key)}: {one_line(why)} ({dated_time(from_us(at), zone, now)})"
            for key, why, at in status.outbox.dead
        ],
    )
    if status.passes:
        print_line(console, "\nLast reads of Neo", style="bold")
        print_table(console, _PASS_COLUMNS, [_pass_cells(each, zone) for each in status.passes])


def _print_list(console: Console, heading: str, lines: Sequence[str]) -> None:
    if lines:
        print_line(console, f"\n{heading}", style="bold")
    for line in lines[:_MOST_LISTED]:
        print_line(console, line, indent=2)
    if (more := len(lines) - _MOST_LISTED) > 0:
        print_line(console, f"and {more:,} more", indent=2)


def _facts(status: LedgerStatus, document: dict[str, Any], zone: ZoneInfo, now: datetime) -> list[tuple[str, str]]:
    as_of = status.fresh.as_of
    fresh = "never: run `neo-usage sync`" if as_of is None else f"{local_time(as_of, zone, now)} ({zone.key})"
    stale = ", out of date" if document["stale"] and as_of is not None else ""
    history = "; ".join(
        f"{_end(each['from'], zone, now) or 'the beginning'} to {_end(each['to'], zone, now)}"
        for each in document["covered"]
    )
    return [
        ("data as of", f"{fresh}{stale}"),
        ("history", history or "nothing yet"),
        ("tasks", task_counts_text(status)),
        ("messages", message_counts_text(status.outbox, zone, now)),
        ("rows", rejected_rows_text(status)),
        ("database", f"{status.bytes / 2**20:,.1f} MB"),
        ("backup", one_line(backup_text(status.backup, zone, now), 400) or "none"),
        ("Neo's total", neo_total_text(status, now) or "not compared yet"),
        ("details", details_text(status, zone, now) or "All are kept."),
    ]


def _end(text: str | None, zone: ZoneInfo, now: datetime) -> str:
    return "" if text is None else dated_time(datetime.fromisoformat(text), zone, now)


_PASS_COLUMNS = (
    "Kind", "Started", "Complete", "Pages", "Tasks", "New", "Updated", "Restated", "Rejected", "Error",
)  # fmt: skip


def _pass_cells(record: PassRecord, zone: ZoneInfo) -> list[Cell]:
    tally = record.tally
    outcome = "yes" if record.complete else "no" if record.finished_at else "running or interrupted"
    counts = (tally.pages, tally.tasks, tally.new, tally.grown, tally.restated, tally.quarantined)
    started = moment_cell(record.started_at, zone)
    return [read_kind_text(record.kind), started, outcome, *map(count_cell, counts), one_line(record.error or "", 400)]
