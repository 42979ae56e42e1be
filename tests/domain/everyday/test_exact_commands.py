"""Exact commands stay themselves however they are decorated; what is in quotes, and a question behind one, stays."""

import pytest

from bot.domain.access import RefusedError
from bot.domain.everyday.exact_commands import check_alone, exact_line, politely_asked
from tests.support.commands import COMMANDS

LINES = (
    "help", "help budgets", "status", "link <@U0ANA> ana@acme.dev", "budget @ana 500/month", "threshold @ana 500",
    "budgets", "budgets over", "budgets marcus delgado", "snooze today", "snooze team 2h", "errors", "errors last week",
    "notify errors on", "digest", "digest 2026-03-01", "explain", "explain @ana", "backtest 500/month",
    "subscribe team last week every monday 09:00", "subscriptions", "unsubscribe 2", "reschedule 2 every friday",
    "reconcile", "balance", "overview", "overview team",
)  # fmt: skip
DECORATIONS = (
    "{}!", "{}.", "*{}*", "_{}_", "`{}`", "```{}```", "({})", "{} :pray:", "\u2728 {}", "{} please", "{}, please!",
    "{} thanks", "  {}  ", "\uff08{}\uff09", "*{}!*",
)  # fmt: skip
BEFORE = (
    "please {}",
    "Please, {}",
    "can you {}?",
    "could you please {}",
    "ok {}",
    "hey, {}!",
    "I'd like to {}",
    "now {}",
)
SHOWN = ("help", "status", "budgets", "digest", "explain", "subscriptions", "balance", "overview", "errors")


@pytest.mark.parametrize("line", LINES)
def test_a_decorated_command_is_the_command(line: str) -> None:
    assert exact_line(line, COMMANDS) == line
    for decoration in DECORATIONS:
        decorated = decoration.format(line)
        assert _without_marks(exact_line(decorated, COMMANDS), line) == line, decorated
    for asking in BEFORE:
        asked = asking.format(line)
        assert exact_line(asked, COMMANDS) is None, asked
        assert _without_marks(politely_asked(asked, COMMANDS), line) == line, asked


def _without_marks(found: str | None, line: str) -> str | None:
    """Return what was found; of a question behind `errors`, whose marks are left to its reader, only the beginning."""
    return found[: len(line)] if found and line.startswith("errors ") else found


@pytest.mark.parametrize("command", SHOWN)
@pytest.mark.parametrize(
    "line", ["show me the {}", "show {}", "give me my {} please", "can I see the {}?", "what is the {}?", "the {} now"]
)
def test_what_is_to_be_shown_may_be_asked_for(command: str, line: str) -> None:
    assert politely_asked(line.format(command), COMMANDS) == command


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("", ""),
        ("!", None),
        (":wave:", None),
        ("STATUS!!", "STATUS"),
        ("budgets?", "budgets"),
        ("errors, last week", "errors last week"),
        ("*errors* team 7d", "errors team 7d"),
        ("errors search:what?", "errors search:what?"),
        ('budget @ana 500/month reason:"the *big* one!"', 'budget @ana 500/month reason:"the *big* one!"'),
        (
            'budget @ana 500/month reason:"caf\u00e9 \u2014 \uff01"',
            'budget @ana 500/month reason:"caf\u00e9 \u2014 \uff01"',
        ),
        ("budget @ana 500?", "budget @ana 500?"),  # asks, and sets nothing
        ("budget @ana ~500", "budget @ana ~500"),
        ("link <@U0ANA> _ana@acme.dev", "link <@U0ANA> _ana@acme.dev"),
        ("unsubscribe #2.", "unsubscribe #2"),
        ("overview please", "overview"),
        ("overview last week", None),
        ("overview every monday at 9", None),
        ("status = failed", None),
        ("status is failed", None),
        ("status completed last week", None),
        ("status foo", "status foo"),  # which says that it takes no words
        ("status of failed tasks", "status of failed tasks"),
        ("notify errors off", "notify errors off"),
        ("notify me every morning", None),
        ("budgetary", None),
        ("team status", None),
        ("team last week", None),
    ],
)
def test_the_rest_of_a_line_stays(line: str, command: str | None) -> None:
    assert exact_line(line, COMMANDS) == command


@pytest.mark.parametrize(
    "line",
    [
        "show me the status of yesterday", "show me the budgets of ana", "please", "show me the", "give me a link",
        "what is the budget", "team please", "show errors by model", "can you",
    ],
)  # fmt: skip
def test_words_that_say_more_are_no_exact_command(line: str) -> None:
    assert politely_asked(line, COMMANDS) is None


@pytest.mark.parametrize("line", ["status", "status?", "status now", "status report", "*balance* now, please"])
def test_filler_behind_a_command_without_words_is_nothing(line: str) -> None:
    check_alone(line)


@pytest.mark.parametrize(
    ("line", "word"), [("status foo", '"foo"'), ("Balance of opus", '"opus"'), ("status a b", '"b"')]
)
def test_a_word_behind_a_command_without_words_is_named(line: str, word: str) -> None:
    with pytest.raises(RefusedError, match=word):
        check_alone(line)
