"""The cells of an answer's table: periods as people say them, and shares that never round to all or to nothing."""

import io
from datetime import timedelta

import pytest
from rich.console import Console

from bot.sandbox.world import START, World
from bot.usage.report_printer import print_report
from tests.support.app import report_of
from tests.support.harness import ServiceHarness
from tests.support.messages import table, visible_text
from tests.support.worlds import MARCUS, PRIYA, add

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    """Two tasks of today, one of which cost nearly all of the money."""
    world = World.empty()
    add(world, "much", "2004", email=PRIYA, begun=START, model="opus")
    add(world, "little", "1", email=MARCUS, begun=START, model="haiku")
    return world


async def test_a_part_is_shown_neither_as_all_nor_as_nothing(harness: ServiceHarness) -> None:
    rows = table(await harness.ask("hannah", "team today by:model"))[1:]
    assert [row[:3] for row in rows] == [["opus", "$20,040.00", ">99%"], ["haiku", "$10.00", "<0.1%"]]
    assert table(await harness.ask("hannah", "team today by:day"))[1][1:3] == ["$20,050.00", "100%"]


@pytest.mark.parametrize(("by", "name"), [("day", "2026-03-02"), ("week", "2026-W10"), ("month", "2026-03")])
async def test_a_period_is_named_as_people_say_it(harness: ServiceHarness, by: str, name: str) -> None:
    assert table(await harness.ask("hannah", f"team today by:{by}"))[1][0] == name


async def test_a_share_is_in_whole_percent_from_a_tenth_on(harness: ServiceHarness) -> None:
    for number, amount in enumerate(("4460", "3000", "1000", "990", "550")):
        add(harness.neo.world, f"part-{number}", amount, email=PRIYA, begun=START - DAY, model=f"m{number}")
    await harness.sync()
    rows = table(await harness.ask("hannah", "team yesterday by:model"))[1:]
    assert [row[2] for row in rows] == ["45%", "30%", "10%", "9.9%", "5.5%"]


async def test_what_is_left_out_of_a_table_is_never_nothing_for_an_unknown_cost(harness: ServiceHarness) -> None:
    begun = START - DAY
    add(harness.neo.world, "known", "5", email=PRIYA, begun=begun, model="opus")
    for number in range(3):
        add(harness.neo.world, f"free-{number}", None, email=PRIYA, begun=begun, model=f"m{number}")
    await harness.sync()
    answer = visible_text(await harness.ask("hannah", "team yesterday by:model top:1"))
    assert "and 3 others, unknown" in answer
    assert "$0.00" not in answer
    printed = io.StringIO()
    console = Console(file=printed, width=80)
    app = harness.service.app
    print_report(report_of(app, "yesterday by:model top:1"), console, app.clock(), timedelta(minutes=10))
    assert "and 3 more, unknown" in printed.getvalue()
    assert "$0.00" not in printed.getvalue()


async def test_days_of_unknown_cost_alone_have_no_chart(harness: ServiceHarness) -> None:
    for back in (1, 2):
        add(harness.neo.world, f"free-{back}", None, email=PRIYA, begun=START - back * DAY, model="opus")
    await harness.sync()
    answer = await harness.ask("hannah", f"team {START - 2 * DAY:%Y-%m-%d}..{START - DAY:%Y-%m-%d} by:day")
    assert [row[1] for row in table(answer)[1:]] == ["unknown", "unknown"]
    assert "data_visualization" not in {block["type"] for block in answer.blocks}
