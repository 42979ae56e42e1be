"""What members are called in messages: by their names in Slack, where exactly one person has that name."""

from datetime import UTC, datetime

import pytest

from bot.database.engine import Database
from bot.people.links import link
from bot.people.member_names import member_names
from bot.people.roles import DenialReason, SlackUser
from bot.sandbox.world import World
from tests.support.engines import rows_of
from tests.support.harness import ServiceHarness
from tests.support.messages import table, visible_text
from tests.support.worlds import MARCUS, PRIYA, add

NOW = datetime(2026, 11, 28, tzinfo=UTC)
USERS = (
    SlackUser("U1", "Ana O\u2019Neil", "ana@acme.dev", None),
    SlackUser("U2", "Sam  Lee", "sam@acme.dev", None),
    SlackUser("U3", "sam lee", "sl@acme.dev", None),
    SlackUser("U4", "Left Long-Ago", "left@acme.dev", DenialReason.GONE),
    SlackUser("U5", "Robot", "robot@acme.dev", DenialReason.BOT),
    SlackUser("U6", "Someone Else", "else@acme.dev", DenialReason.OUTSIDE),
    SlackUser("U7", "No Address", None, None),
    SlackUser("U8", " ", "blank@acme.dev", None),
)


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("ana@acme.dev", "Ana O\u2019Neil"),
        ("Ana@Acme.dev", "Ana O\u2019Neil"),
        ("sam@acme.dev", "sam@acme.dev"),
        ("sl@acme.dev", "sl@acme.dev"),
        ("left@acme.dev", "Left Long-Ago"),
        ("robot@acme.dev", "robot@acme.dev"),
        ("else@acme.dev", "else@acme.dev"),
        ("blank@acme.dev", "blank@acme.dev"),
        ("nobody@acme.dev", "nobody@acme.dev"),
        ("unattributed", "unattributed"),
    ],
)
async def test_a_member_is_called_by_their_name_in_slack_if_it_is_theirs_alone(
    database: Database, email: str, name: str
) -> None:
    assert await database.read(lambda connection: member_names(connection, USERS, [email])) == {email: name}


async def test_whoever_is_linked_to_an_address_gives_it_the_name(database: Database) -> None:
    await database.write(lambda connection: link(connection, "U7", "ana@acme.dev", by="U1", now=NOW))
    await database.write(lambda connection: link(connection, "U1", "old@acme.dev", by="U1", now=NOW))
    names = await database.read(lambda connection: member_names(connection, USERS, ["ana@acme.dev", "old@acme.dev"]))
    assert names == {"ana@acme.dev": "No Address", "old@acme.dev": "Ana O\u2019Neil"}


async def test_an_address_that_is_linked_to_somebody_unknown_keeps_the_name_of_nobody_else(database: Database) -> None:
    await database.write(lambda connection: link(connection, "U99", "ana@acme.dev", by="U1", now=NOW))
    names = await database.read(lambda connection: member_names(connection, USERS, ["ana@acme.dev"]))
    assert names == {"ana@acme.dev": "ana@acme.dev"}


# --- through the front door ------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "hers", "3", email=PRIYA)
    add(world, "his", "1", email=MARCUS)
    add(world, "renamed", "2", email="pr@neo.example")
    return world


@pytest.mark.parametrize(
    "name", [MARCUS, "Marcus\u200b Delgado", "\uff2darcus Delgado", "\u200b", "unattributed", "Team"]
)
async def test_nobody_takes_the_name_of_another_in_an_answer(closed: ServiceHarness, name: str) -> None:
    closed.workspace.user("priya").name = name
    await closed.open()
    hers, *_, his = table(await closed.ask("hannah", "by:member"))[1:]
    assert hers[:2] == [PRIYA, "$30.00"]
    assert his[0] in {"Marcus Delgado", MARCUS}


async def test_a_name_means_the_address_that_its_holder_is_linked_to(closed: ServiceHarness) -> None:
    closed.workspace.user("priya").name = "Pri Wonder"
    await closed.open()
    await closed.ask("hannah", "link @priya pr@neo.example")
    assert " spent $20.00*" in visible_text(await closed.ask("hannah", "pri wonder"))
    assert "Pri Wonder's budget is now $500" in visible_text(await closed.ask("hannah", "budget pri 500/month"))
    scopes = "SELECT m.email FROM budget b JOIN member m ON m.id = b.scope"
    assert rows_of(closed.place, scopes) == [("pr@neo.example",)]


@pytest.mark.parametrize("name", ["Of Marcus", "Everyone Spend", "Marcus Yesterday"])
async def test_nobody_calls_themselves_so_that_a_question_means_them(closed: ServiceHarness, name: str) -> None:
    closed.workspace.user("priya").name = name
    await closed.open()
    for line in ("show the spend of marcus", "what did everyone spend", "marcus yesterday"):
        answer = visible_text(await closed.ask("hannah", line))
        assert "Understood as `email:priya" not in answer, answer
    assert "I can't find" in visible_text(await closed.ask("hannah", f"budget {name} 500/month"))


@pytest.mark.parametrize("typed", ["Seán O\u2019Brien", "sean o'brien", "sean obrien", "SEÁN OBRIEN's", "pr\u00efya"])
async def test_a_name_is_found_without_its_accents_and_apostrophes(closed: ServiceHarness, typed: str) -> None:
    closed.workspace.user("priya").name = "Seán O\u2019Brien"
    await closed.open()
    assert " spent $30.00*" in visible_text(await closed.ask("hannah", typed))


async def test_accents_make_nobody_be_taken_for_everybody(closed: ServiceHarness) -> None:
    closed.workspace.user("priya").name = "Éveryone Spénd"
    await closed.open()
    assert "Understood as `team`" in visible_text(await closed.ask("hannah", "what did everyone spend"))


async def test_whose_name_it_is_to_the_letter_counts_before_all_others(closed: ServiceHarness) -> None:
    closed.workspace.user("priya").name = "Sean Obrien"
    closed.workspace.user("marcus").name = "Seán O'Brien"
    await closed.open()
    for typed, spent in (("sean obrien", "$30.00"), ("seán o'brien", "$10.00"), ("sean o'brien", "$10.00")):
        assert f" spent {spent}*" in visible_text(await closed.ask("hannah", typed))


async def test_a_name_with_an_everyday_word_in_it_is_a_name(closed: ServiceHarness) -> None:
    closed.workspace.user("priya").name = "An Nguyen"
    await closed.open()
    assert " spent $30.00*" in visible_text(await closed.ask("hannah", "an nguyen"))
