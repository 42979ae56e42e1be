"""The demo: the real bot in its own process, with an embedded Neo and an embedded Slack."""
