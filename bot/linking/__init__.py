"""Linking: operators match Slack users to members of the Neo team."""
