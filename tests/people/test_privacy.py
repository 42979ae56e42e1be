"""Privacy: whatever a member types, presses or replays, nothing of anybody else's reaches them."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.people.links import link, unlink
from bot.sandbox.slack import payloads
from bot.sandbox.slack.delivery import Payload
from bot.sandbox.slack.faults import Status
from bot.sandbox.slack.models import Channel, Message, User
from bot.sandbox.world import World
from tests.support.effort import examples
from tests.support.harness import CHANNEL, ServiceHarness
from tests.support.messages import actions, text_of, visible_text
from tests.support.slack_requests import state
from tests.support.worlds import HOUR, add

ME, OTHER, THIRD = "priya.raman@acme.example", "marcus.delgado@acme.example", "hannah.weiss@acme.example"
SECRETS = (
    OTHER, "dana@acme.example", "secret-title", "secret-error", "feedbeef-1", "feedbeef-2", "secret-model",
    "secret-tool", "secret-agent",
)  # fmt: skip
REFUSED = "Only operators can see other people's spend. To see yours, ask without names, `team` or `by:member`."
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def world() -> World:
    """Mine cost whole tens of dollars; any sum that holds another's does not."""
    world = World.empty()
    for number in range(3):
        add(world, f"aaaa-{number}", str(number + 1), email=ME, title="mine", model="shared", begun=_begun(number))
    other = {"title": "secret-title", "error_message": "secret-error", "status": "failed"}
    detail = {"tools": {"secret-tool": (3, 900)}, "agents": {"secret-agent": 2}}
    add(world, "feedbeef-1", "7.3371", email=OTHER, model="shared", **other, **detail)
    add(world, "feedbeef-2", "1.9919", email="dana@acme.example", model="secret-model", **other, **detail)
    add(world, "feedbeef-3", "0.7773", email=None, model="secret-model", **other)
    return world


def _begun(number: int) -> Any:
    from bot.sandbox.world import START

    return START - (number * 24 + 3) * HOUR


# --- whatever is typed ---------------------------------------------------------------------------

SCOPES = (
    "",
    "team",
    "@marcus",
    "@dana",
    "@priya",
    f"email:{OTHER}",
    f"email:{ME},{OTHER}",
    f"-email:{ME}",
    "me",
    "<@U0MARCUS>",
)
TIMES = (
    "",
    "today",
    "7d",
    "24h",
    "last month",
    "ytd",
    "2026-01-01..2026-12-31",
    "from:2020-01-01",
    "to:2030-01-01",
    "4w",
)
FILTERS = (
    "", "status:failed", "-status:completed", "model:shared", "model:secret", "search:acme", "search:feed",
    "search:marcus", "task:feedbeef-1", "task:feed", "task:aaaa-1", "task:a,f", "byok:no", "byok:yes",
    "-task:aaaa-1", '"model:shared"',
)  # fmt: skip
GROUPS = (
    "", *(f"by:{name}" for name in ("member", "model", "status", "day", "week", "month", "tool", "agent")),
    "by:member,model", "by:day,member", "by:model,day", "by:status,tool", "rows", "csv", "rows csv", "by:agent csv",
)  # fmt: skip
ENDS = ("", "top:1", "top:50", "sort:name", "sort:tasks")
COMMANDS = ("help", "status", "link <@U0PRIYA> marcus.delgado@acme.example", "LINK", "status team", "help by:member")

lines = st.one_of(
    st.tuples(*map(st.sampled_from, (SCOPES, TIMES, FILTERS, GROUPS, ENDS))).flatmap(
        lambda words: st.permutations(words).map(lambda found: " ".join(filter(None, found)))
    ),
    st.sampled_from(COMMANDS),
)


@pytest.mark.slow
@pytest.mark.long
@examples(120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=lines, upper=st.booleans(), press=st.booleans())
async def test_no_question_shows_anything_of_others(
    harness: ServiceHarness, line: str, *, upper: bool, press: bool
) -> None:
    line = line.upper() if upper and "<" not in line else line
    begun = len(harness.slack.log)
    answer = await harness.ask("priya", line)
    for action in actions(answer) if press else ():
        if action != "share":
            await harness.slack.click("priya", CHANNEL, answer.ts, action)
            await harness.idle()
    answers = list(reached(harness, begun))
    assert answers
    for said in answers:
        check(said, line)


def reached(harness: ServiceHarness, begun: int) -> Iterator[str]:
    """Everything that went to Slack since then, and every file in my DM."""
    yield from (json.dumps(call.args, ensure_ascii=False) for call in harness.slack.log[begun:])
    for message in harness.dm("priya"):
        yield from (harness.workspace.files[file].content.decode() for file in message.files)


def check(said: str, typed: str) -> None:
    for secret in SECRETS:
        assert secret not in said or secret in typed.lower(), (typed, said)
    for amount in re.findall(r"\$([\d,]+\.\d\d)", said):
        assert float(amount.replace(",", "")) % 10 == 0, (typed, said)
    for amount in re.findall(r",(\d+\.\d{9})", said):  # in a file
        assert float(amount) % 10 == 0, (typed, said)
    for tasks in re.findall(r"(?<![\d-])(\d+) tasks?\b(?!:)", said):
        assert int(tasks) <= 3, (typed, said)


# --- whatever is replayed ------------------------------------------------------------------------


async def pressed(harness: ServiceHarness, user: str, action: str, value: str, message: Message) -> str:
    """What somebody is told after a forged press of a button."""
    workspace = harness.workspace
    person, place = workspace.user(user), workspace.channel(CHANNEL)
    act = {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.0"}
    begun = len(harness.slack.log)
    body = payloads.message_action(harness.slack.context, person, place, message, act)
    assert (await harness.slack.delivery.deliver(Payload("interactive", body))).ok
    await harness.idle()
    return "".join(json.dumps(call.args, ensure_ascii=False) for call in harness.slack.log[begun:])


async def test_an_operators_buttons_do_nothing_more_for_a_member(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 7d by:member")
    buttons = [element for block in answer.blocks if block["type"] == "actions" for element in block["elements"]]
    assert len(buttons) == 6
    for button in buttons:
        said = await pressed(harness, "priya", button["action_id"], button["value"], answer)
        assert REFUSED in said
        check(said, "")


MINE = "You: $30.00 (3.00 credits), 2 tasks."
FORGED = {  # what is asked for, and how that is answered in the channel and in a file
    "7d": (
        "You: $60.00 (6.00 credits), 3 tasks",
        "I sent you `neo-usage 7d 2026-03-02.csv`",
    ),  # as a genuine button asks
    "": (MINE, "I sent you `neo-usage this month 2026-03-02.csv`"),
    "\x00": (MINE, "I sent you `neo-usage this month 2026-03-02.csv`"),
    "task:feedbeef-1": ("You: $0.00 (0.00 credits), 0 tasks.", "I sent you `neo-usage task feedbeef-1 2026-03-02.csv`"),
    "help": ("`help` shows what you can ask.",) * 2,
    "team by:member": (REFUSED, REFUSED),
    "@marcus": (REFUSED, REFUSED),
    f"email:{OTHER} rows": (REFUSED, REFUSED),
}


@pytest.mark.slow
async def test_a_forged_button_shows_nothing_of_others(harness: ServiceHarness) -> None:
    answer = await harness.ask("priya", "7d")
    for action in ("ask:model", "csv", "ask:instead", "ask"):
        for value, expected in FORGED.items():
            said = await pressed(harness, "priya", action, value, answer)
            assert expected[action == "csv"] in said, (action, value)
            check(said, value)


async def test_a_button_that_there_never_was_does_nothing(
    harness: ServiceHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await harness.ask("priya", "7d")
    before = state(harness) | {"slack_request": []}
    capsys.readouterr()
    for value in FORGED:
        assert await pressed(harness, "priya", "nonsense", value, answer) == ""
        assert "ignored a button or form that is forged or of another version" in capsys.readouterr().out
    assert state(harness) | {"slack_request": []} == before  # but for which requests came
    assert MINE in await pressed(harness, "priya", "ask:model", "", answer)


async def test_a_forged_share_shares_what_its_presser_may_see(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 7d by:member")
    check(await pressed(harness, "priya", "share", "7d by:model", answer), "")
    assert REFUSED in await pressed(harness, "priya", "share", "team", answer)


# --- who one is ----------------------------------------------------------------------------------


def put(harness: ServiceHarness, **flags: Any) -> User:
    """Somebody new who writes in the channel; matched to Marcus's e-mail unless given otherwise."""
    user = User(**{"id": "U0NEW", "handle": "new", "name": "New", "email": OTHER, **flags})
    harness.workspace.add_user(user)
    harness.workspace.channel(CHANNEL).members.add(user.id)
    return user


async def test_who_is_no_full_member_is_refused(harness: ServiceHarness) -> None:
    kinds: tuple[dict[str, Any], ...] = (
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"team_id": "T0GLOBEX"},
        {"team_id": "T0GLOBEX", "enterprise_id": "E0GLOBEX"},
    )
    for number, flags in enumerate(kinds):
        put(harness, id=f"U0NEW{number}", handle=f"new{number}", **flags)
        said = visible_text(await harness.ask(f"new{number}", "7d"))
        assert said.startswith("Sorry, I only answer"), flags
        assert "$" not in said, flags


async def test_an_e_mail_that_slack_does_not_confirm_counts_for_nothing(harness: ServiceHarness) -> None:
    put(harness, id="U0NEW1", handle="unconfirmed", is_email_confirmed=False)
    put(harness, id="U0NEW2", handle="nameless", email="")
    for user in ("unconfirmed", "nameless"):
        assert "I can't find you in Neo" in visible_text(await harness.ask(user, "7d")), user


async def test_an_unconfirmed_operators_e_mail_makes_no_operator(closed: ServiceHarness) -> None:
    closed.settings["ADMINS"] = "boss@acme.example"
    await closed.open()
    put(closed, email="boss@acme.example", is_email_confirmed=False)
    assert "$" not in visible_text(await closed.ask("new", "team"))


async def test_a_link_moves_whose_spend_one_sees_and_back(harness: ServiceHarness) -> None:
    put(harness, email="new@acme.example")
    assert "it has no tasks of new@acme.example" in visible_text(await harness.ask("new", "7d"))
    assert (
        visible_text(await harness.ask("hannah", f"link @new {OTHER}")) == f"<@U0NEW> is now linked to {OTHER} in Neo."
    )
    assert "$73.37" in visible_text(await harness.ask("new", "7d"))
    # what is linked is theirs alone: Marcus, whose address it is in Slack, no longer sees it
    assert "I can't find you" in visible_text(await harness.ask("marcus", "7d"))
    assert "already" in visible_text(await harness.ask("hannah", f"link @priya {OTHER}"))
    assert "is no longer linked" in visible_text(await harness.ask("hannah", "link @new remove"))
    assert "$73.37" in visible_text(await harness.ask("marcus", "7d"))


async def test_a_link_to_an_operators_e_mail_makes_no_operator(closed: ServiceHarness) -> None:
    closed.settings["ADMINS"] = THIRD
    await closed.open()
    with closed.service.database.transaction() as connection:
        link(connection, "U0PRIYA", THIRD, "terminal", closed.clock())
    assert visible_text(await closed.ask("priya", "team")) == REFUSED
    assert "$" in visible_text(await closed.ask("hannah", "team"))


async def test_members_do_not_link(harness: ServiceHarness) -> None:
    assert "Only operators can link people" in visible_text(await harness.ask("priya", f"link @priya {OTHER}"))
    check(visible_text(await harness.ask("priya", "7d")), "")


async def test_changes_of_links_are_kept_with_who_made_them(harness: ServiceHarness) -> None:
    await harness.ask("hannah", f"link @priya {OTHER}")
    with harness.service.database.transaction() as connection:
        unlink(connection, "U0PRIYA", "terminal", harness.clock())
    with harness.service.app.ledger.reader() as reader:
        kept = reader.execute(
            text("SELECT changed_by, slack_user, email_before, email_after FROM slack_link_change ORDER BY id")
        ).all()
    assert kept == [("U0HANNAH", "U0PRIYA", None, OTHER), ("terminal", "U0PRIYA", OTHER, None)]


# --- rights that are lost ------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["is_restricted", "deleted", "is_bot", "is_stranger"])
async def test_roles_are_lost_within_five_minutes(harness: ServiceHarness, flag: str) -> None:
    answer = await harness.ask("hannah", "team 7d by:member")
    setattr(harness.workspace.user("hannah"), flag, True)
    harness.clock.advance(FIVE_MINUTES)
    said = await pressed(harness, "hannah", "ask:model", "team 7d by:model", answer)
    assert "I only answer" in said
    assert "$" not in said


async def test_an_operator_by_e_mail_is_none_once_the_e_mail_changed(closed: ServiceHarness) -> None:
    closed.settings["ADMINS"] = THIRD
    await closed.open()
    assert "$" in visible_text(await closed.ask("hannah", "team"))
    closed.workspace.user("hannah").email = "hannah@elsewhere.example"
    closed.clock.advance(FIVE_MINUTES)
    assert visible_text(await closed.ask("hannah", "team")) != ""
    assert "$" not in visible_text(closed.visible("hannah")[-1])


async def test_while_slack_does_not_answer_who_presses_an_old_button_does_nothing(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team 7d by:member")
    harness.clock.advance(FIVE_MINUTES)
    harness.slack.faults.on("users.info", *[Status(500)] * 9)
    assert "$" not in await pressed(harness, "hannah", "ask:model", "team 7d by:model", answer)


# --- sharing -------------------------------------------------------------------------------------


async def test_share_refuses_where_outsiders_read_and_where_it_cannot_see(harness: ServiceHarness) -> None:
    for channel, why in (("acme-x-globex", "from outside your company"), ("sec-leads", "I can't see this channel")):
        answer = await harness.ask("hannah", "team 7d", channel)
        said = await harness.press("hannah", answer, "share", channel)
        assert why in visible_text(said)
        assert said.ephemeral_to == "U0HANNAH"


@pytest.mark.slow
async def test_share_leaves_titles_and_errors_out_unless_channels_may_see_them(closed: ServiceHarness) -> None:
    for setting, seen in (("operators", False), ("channel", True)):
        closed.settings["SHOW_TITLES"] = setting
        await closed.open()
        for line in ("team rows", "task:feedbeef-1"):
            answer = await closed.ask("hannah", line)
            assert "secret-title" in text_of(answer)
            await closed.press("hannah", answer, "share")
            shared = text_of(closed.visible("marcus")[-1])
            assert ("secret-title" in shared) is seen
            assert "$73.37" in shared
        await closed.close()


async def test_a_private_channel_that_the_bot_is_in_may_be_shared_with(harness: ServiceHarness) -> None:
    harness.workspace.add_channel(Channel("C0TEAM", "team", "private", {"U0HANNAH", harness.workspace.bot_user}))
    answer = await harness.ask("hannah", "team 7d", "team")
    shared = await harness.press("hannah", answer, "share", "team")
    assert shared.ephemeral_to is None


async def test_rows_without_an_e_mail_are_nobodys(harness: ServiceHarness) -> None:
    put(harness, email="unattributed")
    assert "$" not in visible_text(await harness.ask("new", "7d"))
    assert "unattributed" in text_of(await harness.ask("hannah", "by:member"))
