"""What a message looks like in a terminal: its words, without Slack's markup."""

import pytest

from bot.slack.blocks import paragraph
from bot.slack.mrkdwn import escape
from bot.slack.terminal_text import terminal_text


@pytest.mark.parametrize(
    ("mrkdwn", "shown"),
    [
        ("*Neo on Nov 28:* $8.00 of `opus`", "Neo on Nov 28: $8.00 of opus"),
        (":warning: 12 credits are left.", "WARNING: 12 credits are left."),
        ("set by <@U0ANA>, in <#C0OPS>", "set by U0ANA, in C0OPS"),
        ("set by <@U0ANA|ana>, in <#C0OPS|neo-ops>", "set by ana, in neo-ops"),
        ("<!date^1796000000^{date_short}|Nov 28>, <!channel>", "Nov 28, channel"),
        ("<https://neo.example/1|Fuzz the API> and <https://neo.example/2>", "Fuzz the API and https://neo.example/2"),
        (f"{escape('R&D <@U0ANA> <!here>')}: $1", "R&D <@U0ANA> <!here>: $1"),  # as somebody has named it
    ],
)
def test_markup_of_a_template_is_left_out_and_untrusted_text_is_as_it_was(mrkdwn: str, shown: str) -> None:
    assert terminal_text(paragraph(mrkdwn)) == shown
