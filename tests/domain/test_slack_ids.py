"""Mentions of Slack users are formatted and parsed in one place."""

import pytest

from bot.domain.slack_ids import format_mention, is_mention, parse_mention, with_nobody_named, without_mentions


@pytest.mark.parametrize("user", ["U1", "U0123ABCD", "W9"])
def test_a_mention_is_parsed_to_the_user_it_was_formatted_for(user: str) -> None:
    assert format_mention(user) == f"<@{user}>"
    assert parse_mention(format_mention(user)) == user


@pytest.mark.parametrize("text", ["", "U1", "@ana", "ana@acme.dev", "<@u1>", "<@B1>", "<@U1", "<@U1|ana>", "<#C1>"])
def test_what_is_no_mention_of_a_user_names_none(text: str) -> None:
    assert parse_mention(text) is None


@pytest.mark.parametrize(("name", "expected"), [("<@U1>", True), ("<@B1>", True), ("@ana", False), ("a@b.dev", False)])
def test_a_mention_is_told_from_a_name_and_an_email(name: str, *, expected: bool) -> None:
    assert is_mention(name) is expected


@pytest.mark.parametrize("mention", ["<@U1>", "<@U1|ana>", "<@U1|ana o'neil>"])
def test_a_mention_in_a_text_is_shown_without_its_markup(mention: str) -> None:
    assert with_nobody_named(f"snooze {mention} 1h") == "snooze @them 1h"
    assert without_mentions(f"snooze {mention} 1h") == "snooze U1 1h"
