"""E-mails that look alike, or that some rule of Unicode makes alike, are of different members."""

import pytest

from bot.domain.tasks import normalized_email
from bot.people.roles import read_user
from bot.sandbox.world import START, World
from tests.support.engines import rows_of
from tests.support.harness import ServiceHarness
from tests.support.messages import table, visible_text
from tests.support.worlds import HOUR, add

MARK = "mark@acme.example"
LOOKALIKES = (
    "mar\u212a@acme.example",  # the Kelvin sign, whose lower case is a k
    "MAR\u212a@acme.example",
    "m\u0430rk@acme.example",  # a Cyrillic a
    "\uff4dark@acme.example",
    "mark@acme.example.",
    "m\u200bark@acme.example",
    "\u00a0mark@acme.example",
    "mark@acme.example\u3000",
    "mark@acme.example\x1f",
    "m\u00e1rk@acme.example",
    "ma\u0301rk@acme.example",
    "m\u00c1rk@acme.example",
    "\u0130mark@acme.example",
    "mar\u017f@acme.example",
)


@pytest.mark.parametrize(
    "same", ["mark@acme.example", "Mark@ACME.example", " mark@acme.example\n", "\tMARK@acme.EXAMPLE "]
)
def test_ascii_case_and_space_around_make_no_difference(same: str) -> None:
    assert normalized_email(same) == MARK


def test_anything_else_does() -> None:
    keys = {normalized_email(each) for each in (MARK, *LOOKALIKES)}
    assert len(keys) == len(LOOKALIKES) + 1 - 1  # MARK with a Kelvin sign is the same in both of its cases
    assert all(normalized_email(each) == each for each in keys)


@pytest.mark.parametrize("confirmed", ["true", "false", 1, None, {}])
def test_an_address_counts_only_where_slack_says_plainly_that_it_is_confirmed(confirmed: object) -> None:
    record = {"id": "U1", "team_id": "T", "is_email_confirmed": confirmed, "profile": {"email": MARK}}
    assert read_user(record, "T", None).email is None
    assert read_user({**record, "is_email_confirmed": True}, "T", None).email == MARK


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "marks", "7", email=MARK, begun=START - 3 * HOUR)
    for number, email in enumerate(LOOKALIKES):
        add(world, f"other-{number}", "0.1", email=email, begun=START - 3 * HOUR)
    return world


@pytest.mark.slow
async def test_a_lookalike_is_nobody_elses_member_and_no_operator(closed: ServiceHarness) -> None:
    closed.settings["ADMINS"] = f"U0HANNAH, {MARK}"
    closed.workspace.user("marcus").email = MARK.upper()
    await closed.open()
    assert "$70.00" in visible_text(await closed.ask("marcus"))
    assert len(table(await closed.ask("marcus", "team by:member"))) > 9  # an operator's answer
    for email in LOOKALIKES:
        closed.workspace.user("priya").email = email
        closed.clock.advance(6 * HOUR / 60)  # beyond which what Slack said is asked again
        assert "$70.00" not in visible_text(await closed.ask("priya"))
        assert "Only operators" in visible_text(await closed.ask("priya", "team"))
        assert "Only operators" in visible_text(await closed.ask("priya", f"email:{MARK}"))


async def test_whoever_names_one_means_that_one(harness: ServiceHarness) -> None:
    for email in (MARK, "mar\u212a@acme.example", "m\u00c1rk@acme.example", "\u0130mark@acme.example"):
        spent = "$70.00" if email == MARK else "$2.00" if "\u212a" in email else "$1.00"
        for line in (f"email:{email}", email):
            assert spent in visible_text(await harness.ask("hannah", line)), (line, spent)
    assert "spent $2.00*" in visible_text(await harness.ask("hannah", "team search:MAR\u212a@"))
    assert "$75.00*" in visible_text(await harness.ask("hannah", "team search:MARK@"))  # a part of some others, too
    await harness.ask("hannah", f"budget {MARK} 7/month")
    assert "mar\u212a@" in visible_text(await harness.ask("hannah", "link @priya mar\u212a@acme.example"))
    await harness.idle()
    scopes = "SELECT m.email FROM budget b JOIN member m ON m.id = b.scope"
    assert rows_of(harness.place, scopes) == [(MARK,)]
    assert rows_of(harness.place, "SELECT email FROM slack_link") == [("mar\u212a@acme.example",)]
