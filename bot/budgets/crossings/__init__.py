"""Crossings: the steps that were passed, recorded with what was decided and enqueued for their audiences."""
