"""Budgets: limits on spend, and telling the right person once when a step of one is passed."""
