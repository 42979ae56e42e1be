"""The upstream: its wire form, one HTTP client, and reading it in pages."""
