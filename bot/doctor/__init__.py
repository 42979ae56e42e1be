"""The doctor: settings, database, Neo and Slack; each check a line with its remedy."""
