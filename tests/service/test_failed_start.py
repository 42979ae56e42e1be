"""A service that cannot use its ledger tells operators by DM, once a day, however often it is started."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from bot.database.errors import LedgerError
from bot.sandbox.slack.faults import Refuse
from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace
from tests.support.engines import always_on_both, execute
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text

pytestmark = always_on_both

NEWER = """
:warning: *I can't start:* my database was written by a newer version of me.
Until it's fixed, I can't answer questions, record spend, or send alerts and digests{}.
The last line of my log says what to do. I send this message once a day at most.
""".strip()


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def newer(harness: ServiceHarness, place: DatabasePlace) -> ServiceHarness:
    """A bot that is stopped, and whose ledger is of a newer version."""
    await harness.stop()
    execute(place, "UPDATE alembic_version SET version_num = '9999'")
    return harness


async def fail_to_start(harness: ServiceHarness) -> list[Message]:
    """The messages that an operator has got by an attempt to start."""
    before = len(harness.dm("hannah"))
    with pytest.raises(LedgerError):
        await harness.start()
    return harness.dm("hannah")[before:]


async def test_operators_are_told_once_a_day_why_it_does_not_start(newer: ServiceHarness, place: DatabasePlace) -> None:
    text = NEWER.format("" if isinstance(place, Path) else ", unless I also run elsewhere")
    (told,) = await fail_to_start(newer)
    assert visible_text(told) == text
    assert await fail_to_start(newer) == []
    newer.clock.advance(timedelta(hours=25))
    (again,) = await fail_to_start(newer)
    assert visible_text(again) == text


async def test_operators_are_told_of_an_upgrade_that_fails(harness: ServiceHarness, place: DatabasePlace) -> None:
    await harness.stop()
    execute(place, "UPDATE alembic_version SET version_num = '0016'")  # whose upgrade makes tables that are there
    before = len(harness.dm("hannah"))
    with pytest.raises(DBAPIError, match="subscription"):
        await harness.start()
    (told,) = harness.dm("hannah")[before:]
    assert visible_text(told).startswith(":warning: *I can't start:* my database can't be used.\n")


async def test_an_operator_is_found_by_their_e_mail(newer: ServiceHarness) -> None:
    newer.settings["ADMINS"] = f"nobody@acme.example,{newer.workspace.user('hannah').email}"
    assert len(await fail_to_start(newer)) == 1


async def test_whoever_might_be_told_at_each_start_is_not_told(newer: ServiceHarness) -> None:
    newer.slack.faults.on("conversations.history", Refuse("missing_scope"))
    assert await fail_to_start(newer) == []
    assert len(await fail_to_start(newer)) == 1


async def test_a_slack_that_is_down_does_not_hide_why_it_does_not_start(newer: ServiceHarness) -> None:
    newer.slack.down = True
    with pytest.raises(LedgerError, match="was written by a newer neo-usage"):
        await newer.start()


async def test_other_units_of_amounts_are_named_by_their_setting(harness: ServiceHarness) -> None:
    await harness.stop()
    harness.settings["BYOK_UNIT"] = "usd"
    (told,) = await fail_to_start(harness)
    reason = "BYOK_UNIT is usd, but amounts in my database are counted as credits"
    assert visible_text(told).startswith(f":warning: *I can't start:* {reason}.\n")
