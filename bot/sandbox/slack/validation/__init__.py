"""Slack's validation of blocks and views; each problem is a sentence that names its place."""

from bot.sandbox.slack.validation.blocks import block_problems
from bot.sandbox.slack.validation.views import view_problems

__all__ = ["block_problems", "view_problems"]
