"""Reports in the terminal: at every width each amount of the JSON stands whole in the text."""

import asyncio
import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.app import App
from bot.domain.money import show_usd
from bot.sandbox.world import START, World
from bot.terminal.streams import UNLIMITED
from bot.usage.report import Report
from bot.usage.report_document import to_json
from bot.usage.report_printer import print_report
from tests.support.app import report_of
from tests.support.fixtures import Wire
from tests.support.worlds import add

WIDTHS = [*range(40, 201, 5), UNLIMITED]
LINES = ["7d", "7d by:member", "7d by:model", "7d by:member,model", "7d by:status,member", "7d by:day", "7d rows",
         "7d rows top:2 sort:name", "task:a-long"]  # fmt: skip
LONG = "Ana Maria da Conceição de Souza e Silva"
MEMBERS = ("ana.maria.da.conceicao.de.souza.e.silva@security.acme.example", "bo@acme.example", "王芳@acme.example")


@pytest.fixture
def rich_world(world: World, wire: Wire) -> App:
    """A ledger of amounts from a tenth of a cent to nearly a million, long names and titles, and unknown costs."""
    amounts = ("98765.4321", "0.0001", "12.34", None, "4321.5", "0")
    for number, amount in enumerate(amounts):
        add(
            world,
            "a-long-id" if number == 0 else f"t-{number}",
            amount,
            email=MEMBERS[number % 3],
            model="a-model-whose-name-is-as-long-as-they-come-20251101" if number % 2 else "opus",
            status="failed" if number == 1 else "completed",
            title=f"{LONG} {number} " * 3,
            error_message="the request timed out after 30 seconds" if number == 1 else None,
            begun=START - timedelta(hours=3 + 20 * number),
        )
    app = wire()
    asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))
    return app


def amounts_in(report: Report) -> set[str]:
    """The known amounts of spend that a report's JSON holds, as people read them."""
    document = json.loads(to_json(report))
    known = zip(document["groups"], report.groups, strict=True)
    groups = [each for each, group in known if group.tasks != group.without_cost]
    shown = [document["total"], *groups, *document.get("rows", [])]
    spends = [each["spend_usd"] for each in shown if each["spend_usd"] is not None]
    return {show_usd(int(Decimal(spend) * 10**9)) for spend in spends}


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_amount_stands_whole_at_every_width(rich_world: App, encoding: str) -> None:
    for line in LINES:
        report = report_of(rich_world, line)
        amounts = amounts_in(report)
        assert amounts
        for width in WIDTHS:
            stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="neo-usage")
            console = Console(file=stream, width=width, highlight=False, emoji=False, markup=False)
            print_report(report, console, rich_world.clock(), timedelta(minutes=10))
            stream.seek(0)
            shown = stream.read().splitlines()
            words = {word.strip("(),.") for each in shown for word in each.split()}
            assert amounts <= words, (line, width, amounts - words)
            assert max(cell_len(each.rstrip()) for each in shown) <= width, (line, width)


def test_what_is_piped_is_neither_cut_nor_wrapped(rich_world: App) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=UNLIMITED, highlight=False, emoji=False, markup=False)
    print_report(report_of(rich_world, "7d by:member,model"), console, rich_world.clock(), timedelta(minutes=10))
    lines = stream.getvalue().splitlines()
    row = next(line for line in lines if line.startswith(MEMBERS[0]))
    assert "a-model-whose-name-is-as-long-as-they-come-20251101" in "\n".join(lines)
    assert "$" in row
