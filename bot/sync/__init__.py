"""Sync: passes from the upstream into the ledger, one at a time."""
