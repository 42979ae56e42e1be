"""The running service: the rooms wired to Slack and to the clock's ticks."""
