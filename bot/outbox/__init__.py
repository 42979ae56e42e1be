"""The outbox: sends every message that does not answer somebody's own request, and keeps live messages up to date."""
