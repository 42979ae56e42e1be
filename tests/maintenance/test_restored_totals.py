"""After a restore, what was found of Neo's total and warned of its credits is known: told once, and not lost."""

import pytest

from bot.sandbox.world import World
from tests.support.engines import always_on_both
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.neo_totals import PACE, issue, leave_out, night, reports, steady_world, warnings
from tests.support.restoring import copy_ledger, lose, restore_copy, run_for

pytestmark = [always_on_both, pytest.mark.slow]


@pytest.fixture
def world() -> World:
    return steady_world()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"OPS_CHANNEL": "#neo-spend", "HISTORY_DAYS": "30"}
    await closed.open()
    return closed


async def status(harness: ServiceHarness) -> str:
    return visible_text(await harness.ask("hannah", "status"))


def heads(harness: ServiceHarness) -> list[str]:
    """What the warnings about credits begin with."""
    return [visible_text(each).partition(".*")[0].replace(":warning: *", "") for each in warnings(harness)]


async def begin_anew(harness: ServiceHarness) -> None:
    """Lose the ledger, and start over an empty one."""
    await harness.service.end()
    lose(harness.place)
    await harness.start()


# --- differences from Neo's total ----------------------------------------------------------------


@pytest.mark.parametrize("former", [True, False], ids=["kept", "lost"])
async def test_a_difference_that_was_reported_since_is_not_reported_again(
    harness: ServiceHarness, *, former: bool
) -> None:
    copy = copy_ledger(harness)
    leave_out(harness, "day--4")
    await night(harness)
    assert len(reports(harness)) == 1
    await restore_copy(harness, copy, former=former)
    await run_for(harness)
    await harness.sync()
    assert "Differs from Neo's total on Feb 26." in await status(harness)
    assert len(reports(harness)) == 1


async def test_a_difference_that_was_reported_since_is_over_once(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    leave_out(harness, "day--4")
    await night(harness)
    await restore_copy(harness, copy)
    await night(harness)
    leave_out(harness)
    await night(harness, 2)
    _, over = reports(harness)
    assert "Resolved: spend agrees with Neo's total again" in visible_text(over).replace("*", "")


async def test_a_difference_of_the_copy_that_is_gone_since_is_not_reported_again(harness: ServiceHarness) -> None:
    leave_out(harness, "day--4")
    await night(harness)
    copy = copy_ledger(harness)
    leave_out(harness)
    await night(harness)
    assert len(reports(harness)) == 2
    await restore_copy(harness, copy)
    await run_for(harness)
    await night(harness)
    assert "Agrees with Neo through" in await status(harness)
    assert len(reports(harness)) == 2


async def test_the_copy_knows_of_a_difference_that_an_empty_ledger_never_looked_for(harness: ServiceHarness) -> None:
    leave_out(harness, "day--4")
    await night(harness)
    copy = copy_ledger(harness)
    await begin_anew(harness)
    assert "Neo's total" not in await status(harness)
    await restore_copy(harness, copy)
    assert "Differs from Neo's total on Feb 26." in await status(harness)
    await night(harness)
    assert len(reports(harness)) == 1


# --- warnings about credits ----------------------------------------------------------------------


@pytest.mark.parametrize("former", [True, False], ids=["kept", "lost"])
async def test_what_was_warned_of_since_is_not_warned_of_again(harness: ServiceHarness, *, former: bool) -> None:
    copy = copy_ledger(harness)
    issue(harness, 16 * PACE)
    await night(harness)
    await restore_copy(harness, copy, former=former)
    await run_for(harness)
    assert heads(harness) == ["Neo credits are used up in about 15 days"]
    await night(harness)
    await run_for(harness)  # without the former ledger it is looked for first
    assert heads(harness)[1:] == ["Neo credits are used up in about 14 days"]


async def test_a_ledger_begun_anew_warns_of_nothing_twice_and_the_copy_goes_on(harness: ServiceHarness) -> None:
    issue(harness, 12 * PACE)
    await night(harness)
    issue(harness, 20 * PACE)
    await night(harness)
    copy = copy_ledger(harness)
    await begin_anew(harness)
    await night(harness)
    before = heads(harness)
    assert [each.rpartition("about ")[2] for each in before] == ["11 days", "19 days", "18 days"]
    await restore_copy(harness, copy)
    await night(harness, 5)
    assert heads(harness) == [*before, "Neo credits are used up in about 14 days"]


async def test_the_copy_knows_what_it_warned_of_where_an_empty_ledger_never_asked(harness: ServiceHarness) -> None:
    issue(harness, 20 * PACE)
    await night(harness)
    copy = copy_ledger(harness)
    await begin_anew(harness)
    await restore_copy(harness, copy)
    await night(harness)
    assert heads(harness) == ["Neo credits are used up in about 19 days"]
