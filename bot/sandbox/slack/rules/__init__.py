"""What Slack refuses in blocks and views, as sentences that name the place."""

from bot.sandbox.slack.rules.blocks import wrong_blocks
from bot.sandbox.slack.rules.views import wrong_view

__all__ = ["wrong_blocks", "wrong_view"]
