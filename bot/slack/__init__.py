"""Slack: receives requests and sends messages; it knows the protocol and its limits, and nothing of spend."""
