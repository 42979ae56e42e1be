"""Incidents: what is wrong with the bot itself, told to operators once a day, and when it is over."""
