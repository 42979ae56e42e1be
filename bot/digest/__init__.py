"""The digest: what yesterday cost, posted once a day in each channel of the settings."""
