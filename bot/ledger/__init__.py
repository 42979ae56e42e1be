"""The ledger: tasks, and the append-only charges that make up spend; the only package that uses their tables."""
