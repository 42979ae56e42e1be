"""Commands of Slack's behind `neo-usage report`: each is named as it is typed in the terminal, if it is there."""

import click
import pytest

from bot.cli.slack_commands import naming_commands
from bot.domain.query.errors import QueryError
from tests.support.commands import COMMANDS

NO_COMMANDS = {"", "courtesy"}  # the card, and an answer to thanks


@pytest.mark.parametrize("command", sorted(COMMANDS - NO_COMMANDS))
def test_each_command_is_named(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.exceptions.Exit) as ended, naming_commands(f"{command} something"):
        raise QueryError("it is no question")
    assert ended.value.exit_code == 2
    assert "Type " in capsys.readouterr().err


def test_what_is_no_command_is_said_as_before() -> None:
    with pytest.raises(QueryError, match="it is no question"), naming_commands("thanks"):
        raise QueryError("it is no question")
