"""neo-usage: what ProjectDiscovery Neo costs, kept in a ledger and told where people are."""

__version__ = "0.1.0"
