"""Linking: an operator says which member of Neo a Slack user is."""
