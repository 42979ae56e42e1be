"""App Home: where everybody sees what is theirs, and looks after themselves."""
