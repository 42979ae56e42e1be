"""The command `link`: who may use it, what it understands, and what it answers; each line follows the ones before."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.database.engine import Database
from bot.domain.access import Caller, Role
from bot.linking.commands import LinkCommands
from bot.people import links
from bot.shipped import shipped
from bot.slack.blocks import Message
from bot.slack.requests import Request, RequestKind
from bot.slack.templates import Templates

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPERATOR, MEMBER = Caller(Role.OPERATOR, None), Caller(Role.MEMBER, "ana@acme.dev")


@dataclass
class Answers:
    """A responder that keeps what it was given."""

    texts: list[str] = field(default_factory=list)

    async def respond(self, message: Message, *, replace: bool = False) -> None:
        assert not replace
        self.texts.append(message.text)

    async def share(self, message: Message) -> None:
        raise AssertionError(message)


async def answer(database: Database, line: str, caller: Caller = OPERATOR) -> str:
    answers = Answers()
    commands = LinkCommands(database, Templates(shipped("templates")), lambda: NOW)
    await commands.link(Request(RequestKind.COMMAND, "U0HANNAH", "C1", line, answers), caller)
    return "\n".join(answers.texts)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["link"], "Type the person and their e-mail in Neo"),
        (["link <@U0ANA>"], "Type the person and their e-mail in Neo"),
        (["link <@U0ANA> <@U0BO> ana@acme.dev"], "Type the person and their e-mail in Neo"),
        (["link @ana ana@acme.dev"], "Slack didn't recognize that name"),
        (["link ana silva to ana@acme.dev"], "Slack didn't recognize that name"),
        (["link <@U0ANA> to ana@acme.dev"], "<@U0ANA> is now linked to ana@acme.dev in Neo."),
        (["link <@U0ANA> = <mailto:ana@acme.dev|ana@acme.dev>"], "<@U0ANA> is now linked to ana@acme.dev in Neo."),
        (["link me to hannah@acme.dev"], "<@U0HANNAH> is now linked to hannah@acme.dev in Neo."),
        (["link <@U0ANA> Ana@acme.dev"], "<@U0ANA> is now linked to ana@acme.dev in Neo. I haven't seen a task of"),
        (["link ana@acme.dev <@U0ANA>"], "<@U0ANA> is now linked to ana@acme.dev in Neo."),
        (["link <@U0ANA> ana"], "`ana` isn't an e-mail address."),
        (["link <@U0ANA> ana@acme.dev"] * 2, "<@U0ANA> was already linked to ana@acme.dev."),
        (["link <@U0ANA> ana@acme.dev", "link <@U0ANA> a@acme.dev"], "(before: ana@acme.dev)"),
        (
            ["link <@U0ANA> ana@acme.dev", "link <@U0BO> ana@acme.dev"],
            "ana@acme.dev is already linked to <@U0ANA>. Remove that link first: `link <@U0ANA> remove`.",
        ),
        (["link <@U0ANA> ana@acme.dev", "link <@U0ANA> remove"], "<@U0ANA> is no longer linked to ana@acme.dev"),
        (["link <@U0ANA> remove"], "<@U0ANA> isn't linked to anyone."),
    ],
)
async def test_an_operator_is_answered_what_became_of_the_link(database: Database, lines: list[str], text: str) -> None:
    answers = [await answer(database, line) for line in lines]
    assert text in answers[-1]


async def test_a_member_links_nobody(database: Database) -> None:
    assert "Only operators can link people to Neo." in await answer(database, "link <@U0ANA> ana@acme.dev", MEMBER)
    assert await database.read(links.users_by_email) == {}


async def test_each_change_is_recorded(database: Database) -> None:
    assert await database.read(links.newest_change) == 0
    await answer(database, "link <@U0ANA> ana@acme.dev")
    await answer(database, "link <@U0ANA> ana@acme.dev")
    assert await database.read(links.newest_change) == 1
    await answer(database, "link <@U0ANA> remove")
    assert await database.read(links.newest_change) == 2
