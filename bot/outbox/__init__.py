"""The outbox: messages owed, delivered, reconciled; the only road to a channel or DM for what is not an answer."""
