"""Alerts: the live message of a subject's budget in a period, and the replies in its thread."""
