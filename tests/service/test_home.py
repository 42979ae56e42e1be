"""App Home through the front door: each sees what is theirs, drawn when it is opened and when something changes."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox.slack.things import Message, View
from bot.sandbox.world import START, World
from tests.service.conftest import Office, shown
from tests.service.worlds import add

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"
COUNTER = itertools.count()


@pytest.fixture
def world() -> World:
    """It is Monday, 2 March, 21:00; Priya and Marcus have spent something today and in February."""
    world = World.empty()
    for back in range(8):
        begun = START - back * DAY
        add(world, f"hers-{back}", "1", email=PRIYA, begun=begun, title="crown jewels", model="opus")
        add(world, f"his-{back}", "2", email=MARCUS, begun=begun, title="other work", model="haiku")
    return world


@pytest.fixture
async def office(closed: Office) -> Office:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    return closed


async def opened(office: Office, user: str) -> str:
    """What somebody sees who opens App Home."""
    ack = await office.slack.open_home(user)
    assert ack.ok, ack
    await office.workspace.until(lambda: home(office, user) is not None)
    await office.idle()
    return seen(office, user)


def home(office: Office, user: str) -> View | None:
    return office.workspace.home_of(office.workspace.user(user).id)


def seen(office: Office, user: str) -> str:
    view = home(office, user)
    assert view is not None
    return shown(Message("0", "bot", blocks=view.body["blocks"]))


def buttons(office: Office, user: str) -> dict[str, str]:
    view = home(office, user)
    assert view is not None
    rows = (block for block in view.body["blocks"] if block["type"] == "actions")
    return {each["text"]["text"]: each["action_id"] for row in rows for each in row["elements"]}


async def press(office: Office, user: str, label: str) -> None:
    view = home(office, user)
    assert view is not None
    ack = await office.slack.click_in_view(user, view.id, buttons(office, user)[label])
    assert ack.ok, ack
    await office.idle()


def spend(office: Office, email: str, usd: int, **others: Any) -> None:
    begun = office.clock() - HOUR - SECOND
    add(office.neo.world, f"spent-{next(COUNTER)}", str(usd / 10), email=email, begun=begun, **others)


async def test_a_member_sees_what_is_theirs_and_nothing_else(office: Office) -> None:
    await office.ask("hannah", "budget @priya 40/month")
    spend(office, PRIYA, 5, status="error", error_message="vault is sealed")
    await office.sync()
    text = await opened(office, "priya")
    assert "Your month" in text
    assert "$25.00* (2.50 credits) so far, 3 tasks, 1 failed ($5.00)" in text
    assert "No forecast before 5 whole days" in text
    assert "██████░░░░ *62 %* $25.00 of $40.00 a month, an own budget" in text
    assert "crown jewels" in text
    assert "1 \u00d7 " in text
    assert "vault is sealed" in text
    for of_others in ("marcus", "other work", "The team"):
        assert of_others not in text


async def test_an_operator_sees_the_team_too(office: Office) -> None:
    await office.ask("hannah", "budget team 20/month")
    spend(office, PRIYA, 5, status="error", error_message="vault is sealed")
    await office.sync()
    text = await opened(office, "hannah")
    assert "The team" in text
    assert "$65.00* (6.50 credits) so far" in text
    assert "*325 %* the team, $65.00 of $20.00 a month" in text
    assert "Failures going on*\n• 1 \u00d7 " in text
    assert "I find no task of yours in Neo" in text


async def test_a_guest_is_refused_there(office: Office) -> None:
    assert "here as a guest" in await opened(office, "gil")


async def test_it_is_drawn_anew_when_something_changes_once_a_minute(office: Office) -> None:
    await opened(office, "priya")
    drawings = len(office.slack.calls("views.publish"))
    for _ in range(3):
        spend(office, PRIYA, 5)
        await office.sync()
    assert len(office.slack.calls("views.publish")) == drawings
    office.clock.advance(61 * SECOND)
    await office.service.draw()
    assert len(office.slack.calls("views.publish")) == drawings + 1
    assert "$35.00* (3.50 credits)" in seen(office, "priya")
    office.clock.advance(61 * SECOND)
    spend(office, MARCUS, 5)
    await office.sync()
    assert len(office.slack.calls("views.publish")) == drawings + 1  # it is not hers that has changed


async def test_what_somebody_does_there_is_shown_at_once(office: Office) -> None:
    await opened(office, "priya")
    await press(office, "priya", "Tell me when a task fails")
    assert "I tell you in a direct message when a task of yours fails" in seen(office, "priya")
    await press(office, "priya", "Tell me no more")
    assert "I do not tell you of failed tasks" in seen(office, "priya")


async def test_a_budget_is_asked_for_from_there(office: Office) -> None:
    await opened(office, "priya")
    await press(office, "priya", "Ask for a budget")
    view = office.workspace.view_on_top("U0PRIYA")
    assert view is not None
    before = len(office.dm("priya"))
    ack = await office.slack.submit("priya", view.id, {"amount": {"amount": "95"}})
    assert ack.ok, ack
    im = office.workspace.im_of("U0PRIYA").id
    assert "I have asked" in shown(await office.answer("priya", im, before))


async def test_a_silence_is_lifted_from_there(office: Office) -> None:
    with office.service.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO failure_silence (what, value, until, reason, set_by, set_at)"
            " VALUES ('model', 'opus', 9e15, 'known', 'U0HANNAH', 0)"
        )
    text = await opened(office, "hannah")
    assert "everything of opus" in text
    await press(office, "hannah", "Lift: everything of opus")
    assert "everything of opus" not in seen(office, "hannah")


async def test_whoever_loses_their_rights_sees_nothing_more(office: Office) -> None:
    assert "The team" in await opened(office, "hannah")
    office.workspace.user("hannah").is_restricted = True
    office.clock.advance(timedelta(minutes=6))
    spend(office, PRIYA, 5)
    await office.sync()
    assert "The team" not in seen(office, "hannah")
    assert "only answer full members" in seen(office, "hannah")
