"""App Home: each person's own page in Slack, with their spend, budgets, tasks and failures."""
