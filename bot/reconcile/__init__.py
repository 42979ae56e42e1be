"""Compares the ledger with Neo's own totals, narrows a difference down to tasks, and records what it found."""
