"""Whom the words behind a command name, the same for every command."""

import pytest

from bot.budgets.whose import named


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("", []),
        ("alerts", []),
        ("all alerts", []),
        ("me", ["me"]),
        ("my alerts", ["me"]),
        ("all my budget alerts", ["me"]),
        ("all ana's alerts", ["ana"]),
        ("everyone", ["everyone"]),
        ("all", ["everyone"]),
        ("everybody's alerts", ["everyone"]),
        ("anyone", ["everyone"]),
        ("us", ["everyone"]),
        ("the whole team", ["team"]),
        ("our team", ["team"]),
        ("team", ["team"]),
        ("the team's alerts", ["team"]),
        ("my team", ["team"]),
        ("ana", ["ana"]),
        ("@ana's alerts", ["@ana"]),
        ("marcus'", ["marcus"]),
        ("Marcus Delgado", ["Marcus Delgado"]),
        ("for marcus delgado", ["marcus delgado"]),
        ("o'brien", ["o'brien"]),
        ("<@U0ANA>", ["<@U0ANA>"]),
        ("@ana @bo", ["@ana", "@bo"]),
        ("ana and bo", ["ana", "bo"]),
        ("me and ana", ["me", "ana"]),
    ],
)
def test_whom_words_name(line: str, names: list[str]) -> None:
    assert named(line.split()) == names
