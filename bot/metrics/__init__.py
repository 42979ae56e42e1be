"""Metrics: what Prometheus reads of a running service, at `/metrics` on a port of its own."""
