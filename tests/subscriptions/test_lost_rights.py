"""Rights are decided anew at each post: where they are lost a subscription ends, with a word to its owner."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.messages import notification_keys, notifications, text_of, visible_text
from tests.support.worlds import MARCUS, PRIYA, add

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAM = "subscribe team yesterday by:member every day"


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "hers", "3", email=PRIYA, model="opus", title="secret plan")
    add(world, "his", "1", email=MARCUS, model="haiku")
    return world


def answers(harness: ServiceHarness, user: str, channel: str = "neo-spend") -> list[str]:
    there = notifications(harness.visible(user, channel))
    return [text_of(each) for each in there if notification_keys([each])[0].startswith("subscription:")]


def words(harness: ServiceHarness, user: str) -> list[str]:
    there = notifications(harness.dm(user))
    return [visible_text(each) for each in there if notification_keys([each])[0].startswith("subscription_ended:")]


def dm(harness: ServiceHarness, user: str) -> str:
    return harness.workspace.im_of(harness.workspace.user(user).id).id


async def next_morning(harness: ServiceHarness) -> None:
    for _ in range(12):
        harness.clock.advance(2 * HOUR)
        await harness.sync()


async def test_who_is_no_operator_any_more_has_none_in_a_channel(harness: ServiceHarness) -> None:
    harness.settings["ADMINS"] = "U0HANNAH,U0JONAS"
    await harness.restart()
    await harness.ask("jonas", TEAM)
    await harness.ask("jonas", "subscribe team yesterday every day", dm(harness, "jonas"))
    harness.settings["ADMINS"] = "U0HANNAH"
    await harness.restart()
    await next_morning(harness)
    assert answers(harness, "marcus") == []
    assert answers(harness, "jonas", dm(harness, "jonas")) == []
    of_channel, of_team = sorted(words(harness, "jonas"))
    assert "I stopped your subscription 1: `team yesterday by:member`" in of_channel
    assert "You're no longer an operator" in of_channel
    assert "I can't answer its question anymore." in of_team
    await next_morning(harness)
    assert len(words(harness, "jonas")) == 2


def guest(workspace: Workspace) -> None:
    workspace.user("priya").is_restricted = True


def gone(workspace: Workspace) -> None:
    workspace.user("priya").deleted = True


@pytest.mark.parametrize("change", [guest, gone])
async def test_a_guest_and_who_has_left_get_nothing(
    harness: ServiceHarness, change: Callable[[Workspace], None]
) -> None:
    await harness.ask("priya", "subscribe yesterday daily", dm(harness, "priya"))
    change(harness.workspace)
    await next_morning(harness)
    assert answers(harness, "priya", dm(harness, "priya")) == []
    assert words(harness, "priya") == []  # nor can they be reached
    change_back = harness.workspace.user("priya")
    change_back.is_restricted = change_back.deleted = False
    await next_morning(harness)
    assert answers(harness, "priya", dm(harness, "priya")) == []
    assert "You have no subscriptions" in visible_text(await harness.ask("priya", "subscriptions"))


async def test_who_matches_no_member_any_more_is_told(harness: ServiceHarness) -> None:
    await harness.ask("priya", "subscribe yesterday daily", dm(harness, "priya"))
    linked = visible_text(await harness.ask("hannah", f"link @marcus {PRIYA}"))
    assert "U0MARCUS" in linked, linked
    await next_morning(harness)
    assert answers(harness, "priya", dm(harness, "priya")) == []
    (word,) = words(harness, "priya")
    assert "I can't match its reader to a member of the Neo team anymore. Ask <@U0HANNAH> for help." in word


def shared(workspace: Workspace) -> None:
    workspace.channel("neo-spend").is_ext_shared = True


def archived(workspace: Workspace) -> None:
    workspace.channel("neo-spend").is_archived = True


def left(workspace: Workspace) -> None:
    workspace.channel("neo-spend").members.discard(workspace.bot_user)


@pytest.mark.parametrize("change", [shared, archived, left])
async def test_a_channel_that_must_not_be_posted_in_any_more(
    harness: ServiceHarness, change: Callable[[Workspace], None]
) -> None:
    await harness.ask("hannah", TEAM)
    change(harness.workspace)
    await next_morning(harness)
    assert answers(harness, "marcus") == []
    (word,) = words(harness, "hannah")
    assert "I can't post there: the channel is gone, shared with another company, or I'm not in it." in word


async def test_a_channel_that_is_archived_just_before_the_post(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    pending = harness.slack.faults
    pending.when(lambda call: archive(harness) if call.method == "chat.postMessage" else None)
    await next_morning(harness)
    assert answers(harness, "marcus") == []
    assert len(words(harness, "hannah")) == 1


def archive(harness: ServiceHarness) -> None:
    harness.workspace.channel("neo-spend").is_archived = True


# --- what channels may see -------------------------------------------------------------------------


async def test_titles_are_shown_in_channels_only_where_the_setting_says_so(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "subscribe team this month rows every day")
    await harness.ask("hannah", "subscribe team this month rows every day", dm(harness, "hannah"))
    await next_morning(harness)
    (in_channel,), (in_dm,) = answers(harness, "marcus"), answers(harness, "hannah", dm(harness, "hannah"))
    assert "secret plan" not in in_channel
    assert "secret plan" in in_dm
    harness.settings["SHOW_TITLES"] = "channel"
    await harness.restart()
    await next_morning(harness)
    assert "secret plan" in answers(harness, "marcus")[-1]


async def test_where_members_are_anonymous_they_are_not_named(harness: ServiceHarness) -> None:
    harness.settings["ALERT_PRIVACY"] = "anonymous"
    await harness.restart()
    await harness.ask("hannah", TEAM)
    for line in ("subscribe @priya 7d daily", "subscribe team rows daily", "subscribe yesterday daily",
                 "subscribe team search:priya daily", f"subscribe team -email:{PRIYA} daily"):  # fmt: skip
        assert "Members aren't shown in channels here." in visible_text(await harness.ask("hannah", line)), line
    await next_morning(harness)
    (answer,) = answers(harness, "marcus")
    assert "a member" in answer
    assert "$30.00" in answer
    assert "Priya" not in answer
    assert "priya" not in answer


@pytest.mark.parametrize("question", ["team by:day,member", "by:member sort:name", "by:member,model sort:name"])
async def test_where_members_are_anonymous_their_order_does_not_tell_who_they_are(
    harness: ServiceHarness, question: str
) -> None:
    add(harness.neo.world, "more", "2", email="aaron@acme.example", model="opus")
    harness.settings["ALERT_PRIVACY"] = "anonymous"
    await harness.restart()
    await harness.ask("hannah", f"subscribe {question} every day")
    await next_morning(harness)
    (answer,) = answers(harness, "marcus")
    assert [each for each in ("$10.00", "$20.00", "$30.00") if each not in answer] == []
    assert answer.index("$30.00") < answer.index("$20.00")  # both are of one model


async def test_where_members_are_for_operators_a_channel_sees_none_also_later(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    harness.settings["ALERT_PRIVACY"] = "operators"
    await harness.restart()
    assert "Members aren't shown" in visible_text(await harness.ask("hannah", "subscribe team 7d by:member daily"))
    assert "I'll post" in visible_text(await harness.ask("hannah", "subscribe team 7d by:model daily"))
    assert "I'll post" in visible_text(await harness.ask("hannah", "subscribe by:member daily", dm(harness, "hannah")))
    await next_morning(harness)
    assert len(answers(harness, "marcus")) == 1
    (word,) = words(harness, "hannah")
    assert "Channels aren't shown members anymore." in word
