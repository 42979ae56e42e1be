"""Budgets: limits on spend, and one notification to the right person when a step of a limit is passed."""
