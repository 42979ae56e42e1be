"""Prints the status in the terminal."""

from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.domain.text import one_line
from bot.domain.timestamps import from_us
from bot.ledger.pass_history import PassRecord
from bot.usage.outbox_formatting import message_counts
from bot.usage.status import Status

_SHOWN = 10


def print_status(found: Status, document: dict[str, Any], console: Console, zone: ZoneInfo) -> None:
    """Print a status; `document` is the same as data."""
    if found.warning:
        console.print(Text(f"WARNING: {one_line(found.warning, 400)}", style="bold red"))
    for name, value in _facts(found, document, zone):
        console.print(Text.assemble((f"{name:<14}", "dim"), value))
    if found.quarantine:
        console.print(Text("\nrows that could not be booked", style="bold"))
        for each in found.quarantine[:_SHOWN]:
            console.print(
                Text(f"  {one_line(each.key, 60)}: {one_line(each.reason)} (since {each.first_seen_at:%Y-%m-%d %H:%M})")
            )
        if len(found.quarantine) > _SHOWN:
            console.print(Text(f"  and {len(found.quarantine) - _SHOWN:,} others"))
    if found.outbox.dead:
        console.print(Text("\nmessages that could not be delivered", style="bold"))
        for key, why, at in found.outbox.dead[:_SHOWN]:
            console.print(Text(f"  {one_line(key)}: {one_line(why)} ({from_us(at).astimezone(zone):%Y-%m-%d %H:%M})"))
    console.print(Text("\nlast passes", style="bold"))
    console.print(_passes(found.passes, zone))


def _facts(found: Status, document: dict[str, Any], zone: ZoneInfo) -> list[tuple[str, str]]:
    as_of = found.fresh.as_of
    fresh = "never: run `neo-usage sync`" if as_of is None else f"{as_of.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    stale = ", stale" if document["stale"] and as_of is not None else ""
    covered = "; ".join(f"{each['from'] or 'the beginning'} to {each['to']}" for each in document["covered"])
    return [
        ("data as of", f"{fresh}{stale}"),
        ("covered", covered or "nothing yet"),
        ("tasks", f"{found.tasks:,}, {found.without_cost:,} without known cost, {found.missing:,} no longer listed"),
        ("members", f"{found.members:,}"),
        ("quarantine", f"{len(found.quarantine):,} rows"),
        ("messages", message_counts(found.outbox, zone)),
        ("database", f"{found.bytes / 2**20:,.1f} MB"),
    ]


def _passes(records: tuple[PassRecord, ...], zone: ZoneInfo) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("kind", "started", "complete"):
        table.add_column(name, no_wrap=True)
    for name in ("pages", "tasks", "new", "grown", "restated", "quarantined"):
        table.add_column(name, justify="right")
    table.add_column("error", overflow="fold")
    for each in records:
        counts = (each.tally.pages, each.tally.tasks, each.tally.new, each.tally.grown, each.tally.restated)
        outcome = "yes" if each.complete else ("no" if each.finished_at else "under way or broken off")
        started = f"{each.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        numbers = [f"{count:,}" for count in (*counts, each.tally.quarantined)]
        table.add_row(each.kind, started, outcome, *numbers, one_line(each.error or "", 400))
    return table
