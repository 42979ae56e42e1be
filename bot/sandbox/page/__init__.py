"""The web page of the sandbox: a Slack-like workspace to use, and the simulated Neo beside it."""
