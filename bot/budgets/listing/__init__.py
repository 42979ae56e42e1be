"""The command `budgets`: every budget with its use, its pace, and where its limit comes from."""
