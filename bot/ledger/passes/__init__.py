"""Passes: the record of each read of a window of the upstream, what passes have covered, and their history."""
