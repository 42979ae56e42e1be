"""Incidents: faults of the bot itself; operators are notified once a day, and when one is over."""
