"""Prints the status in the terminal."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.domain.text import one_line
from bot.domain.timestamps import from_us
from bot.ledger.passes.history import PassRecord
from bot.usage.status import LedgerStatus, message_counts_text, read_kind_text, rejected_rows_text, task_counts_text

_MOST_LISTED = 10


def print_status(
    status: LedgerStatus, document: dict[str, Any], console: Console, zone: ZoneInfo, now: datetime
) -> None:
    """Print a status; `document` is the same as data."""
    if status.warning:
        console.print(Text(f"WARNING: {one_line(status.warning, 400)}", style="bold red"))
    for name, value in _facts(status, document, zone, now):
        console.print(Text.assemble((f"{name:<14}", "dim"), value))
    if status.quarantine:
        console.print(Text("\nrejected rows", style="bold"))
        for each in status.quarantine[:_MOST_LISTED]:
            console.print(
                Text(f"  {one_line(each.key, 60)}: {one_line(each.reason)} (since {each.first_seen_at:%Y-%m-%d %H:%M})")
            )
        if len(status.quarantine) > _MOST_LISTED:
            console.print(Text(f"  and {len(status.quarantine) - _MOST_LISTED:,} others"))
    if status.outbox.dead:
        console.print(Text("\nmessages that couldn't be sent", style="bold"))
        for key, why, at in status.outbox.dead[:_MOST_LISTED]:
            console.print(Text(f"  {one_line(key)}: {one_line(why)} ({from_us(at).astimezone(zone):%Y-%m-%d %H:%M})"))
    console.print(Text("\nlast reads of Neo", style="bold"))
    console.print(_passes(status.passes, zone))


def _facts(status: LedgerStatus, document: dict[str, Any], zone: ZoneInfo, now: datetime) -> list[tuple[str, str]]:
    as_of = status.fresh.as_of
    fresh = "never: run `neo-usage sync`" if as_of is None else f"{as_of.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    stale = ", out of date" if document["stale"] and as_of is not None else ""
    covered = "; ".join(f"{each['from'] or 'the beginning'} to {each['to']}" for each in document["covered"])
    return [
        ("data as of", f"{fresh}{stale}"),
        ("history", covered or "nothing yet"),
        ("tasks", task_counts_text(status)),
        ("messages", message_counts_text(status.outbox, zone, now)),
        ("rows", rejected_rows_text(status)),
        ("database", f"{status.bytes / 2**20:,.1f} MB"),
    ]


def _passes(records: tuple[PassRecord, ...], zone: ZoneInfo) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("kind", "started", "complete"):
        table.add_column(name, no_wrap=True)
    for name in ("pages", "tasks", "new", "updated", "restated", "rejected"):
        table.add_column(name, justify="right")
    table.add_column("error", overflow="fold")
    for each in records:
        counts = (each.tally.pages, each.tally.tasks, each.tally.new, each.tally.grown, each.tally.restated)
        outcome = "yes" if each.complete else ("no" if each.finished_at else "running or interrupted")
        started = f"{each.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        numbers = [f"{count:,}" for count in (*counts, each.tally.quarantined)]
        table.add_row(read_kind_text(each.kind), started, outcome, *numbers, one_line(each.error or "", 400))
    return table
