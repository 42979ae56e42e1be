"""The outbox: the only way to a channel or direct message for what is not an answer to somebody's own act."""
