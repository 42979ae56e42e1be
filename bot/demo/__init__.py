"""The demo: the real bot, in a process of its own, against an embedded Neo and an embedded Slack."""
