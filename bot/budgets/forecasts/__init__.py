"""Forecast alerts: a notification, once a month, that a budget is not expected to last it."""
