"""The command `explain`: what counts for a budget, which steps were passed, and why alerts were or were not sent."""
