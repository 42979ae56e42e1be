"""The ledger: tasks, and the append-only charges that make up spend; the only room that knows the tables."""
