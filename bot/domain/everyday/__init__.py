"""Everyday language: what people type becomes the one line of the query language that it means."""
