"""Incidents: what is wrong with the bot itself; operators are notified once a day, and when it is over."""
