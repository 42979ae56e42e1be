"""Limits: set, changed and removed as people ask, and put in force with all that follows."""
