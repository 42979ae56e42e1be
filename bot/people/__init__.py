"""People: from a Slack user to a member of the Neo team, and what they may see."""
