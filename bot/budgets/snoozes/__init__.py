"""Snoozes: notifications of a budget that somebody defers, and what is notified once the snooze has ended."""
