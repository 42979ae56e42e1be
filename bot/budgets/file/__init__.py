"""Budgets in a file: all limits as TOML, to be kept under version control, reviewed, and applied."""
