"""The digest: what yesterday cost, once a day in each channel that reads it with its coffee."""
