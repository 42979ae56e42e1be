"""Failures: tasks that failed the same way are one group, told once and kept up to date in place."""
