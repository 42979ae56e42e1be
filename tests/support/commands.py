"""The commands of Slack by the first words of their lines, as the service registers them."""

COMMANDS = {
    "", "help", "status", "link", "budget", "threshold", "budgets", "snooze", "errors", "notify", "digest", "explain",
    "backtest", "subscribe", "subscriptions", "unsubscribe", "reschedule", "courtesy", "reconcile", "balance",
    "overview",
}  # fmt: skip
"""That of an empty line is empty."""
