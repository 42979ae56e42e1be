"""The webhook: events as signed JSON for a receiver outside of Slack, after the Standard Webhooks scheme.

Capabilities enqueue events and build them (`outbox.webhook_queue`, `outbox.events`); the outbox sends them by the
`client` here, which signs each request.
"""
