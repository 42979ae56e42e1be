"""Maintenance: operations on the whole ledger in which every capability takes part."""
