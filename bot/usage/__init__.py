"""Usage: a question about spend, answered from the ledger."""
