"""Failures: tasks that failed the same way are one group, reported once and kept up to date in place."""
