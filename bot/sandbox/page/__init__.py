"""The page in the browser: a Slack-like workspace to act in, and the simulated Neo beside it."""
