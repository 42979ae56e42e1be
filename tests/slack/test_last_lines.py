"""The last question of a person in a channel is kept for an hour, and of the latest conversations only."""

from datetime import UTC, datetime, timedelta

from bot.slack.last_lines import KEPT_FOR, LastLines

NOW = datetime(2026, 3, 2, 21, tzinfo=UTC)


def test_it_is_the_last_one_of_the_person_in_the_channel_within_an_hour() -> None:
    questions = LastLines()
    questions.record("U1", "D1", "yesterday", NOW)
    questions.record("U1", "D1", "last week", NOW)
    questions.record("U1", "C1", "team", NOW)
    questions.record("U2", "C1", "", NOW)
    assert questions.of("U1", "D1", NOW + KEPT_FOR) == "last week"
    assert questions.of("U2", "C1", NOW) == ""
    assert questions.of("U2", "D1", NOW) is None
    questions.forget("U2", "C1")
    questions.forget("U2", "D1")
    assert questions.of("U2", "C1", NOW) is None
    assert questions.of("U1", "D1", NOW + KEPT_FOR + timedelta(seconds=1)) is None


def test_the_conversations_of_longest_ago_are_forgotten() -> None:
    questions = LastLines()
    for number in range(1_001):
        questions.record(f"U{number}", "C1", "team", NOW)
        questions.record("U0", "C1", "team", NOW)
    assert questions.of("U1", "C1", NOW) is None
    assert (questions.of("U0", "C1", NOW), questions.of("U1000", "C1", NOW)) == ("team", "team")
