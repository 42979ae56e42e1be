"""Backtests: what a limit would have notified of, and whom, on the ledger's history; nothing is written."""
