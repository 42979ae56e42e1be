"""Settings: the sole reader of the environment and `.env`."""
