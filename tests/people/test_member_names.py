"""What members are called in messages: by their names in Slack, where exactly one person has that name."""

from datetime import UTC, datetime

import pytest

from bot.database.engine import Database
from bot.people.links import link
from bot.people.member_names import member_names
from bot.people.roles import DenialReason, SlackUser

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
