"""Benchmarks of a ledger on a PostgreSQL server, beside the driver alone."""
