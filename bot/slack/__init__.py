"""Slack: requests in, messages out; it knows the protocol and its limits, and nothing of spend."""
