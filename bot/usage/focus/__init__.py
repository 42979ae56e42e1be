"""The FOCUS export: a month's charges as the FinOps Foundation's cost and usage columns, for finance."""
