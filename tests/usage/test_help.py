"""The help names every command that there is."""

import re

import pytest

from bot.app import build
from bot.domain.access import Role
from bot.registry import build_registry
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from bot.shipped import shipped
from bot.slack.templates import Templates
from tests.support.engines import url_of

LEFT_OUT = {
    "help": "whoever reads it has typed it",
    "threshold": "another word for `budget`, which some type first; one name is enough to learn",
}
FOR_OPERATORS = {"digest", "link"}


@pytest.fixture
def commands(place: DatabasePlace) -> set[str]:
    app = build(load({"DATABASE_URL": url_of(place)}))
    with app.ledger.database() as database:
        return set(build_registry(app.capabilities(database)).commands)


def first_words(role: Role) -> set[str]:
    """Return the first word of each piece of code in the help."""
    text = Templates(shipped("templates")).render("usage/help", operator=role is Role.OPERATOR, examples=[])
    return {code.split()[0] for code in re.findall(r"`([^`]+)`", text)}


def test_operators_read_of_every_command(commands: set[str]) -> None:
    assert commands - first_words(Role.OPERATOR) == LEFT_OUT.keys()


def test_members_read_of_every_command_but_those_of_operators(commands: set[str]) -> None:
    assert commands - first_words(Role.MEMBER) == LEFT_OUT.keys() | FOR_OPERATORS
