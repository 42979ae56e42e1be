"""The query language: a typed line becomes a question, and a question a line."""
