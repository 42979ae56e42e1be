"""The sandbox: an embedded double of what the bot talks to, for the demo and the tests."""
