"""Measurements: what happens in this process is reported here as it happens; it is counted if metrics are on."""

from collections.abc import Mapping


class Measurements:
    """Counts nothing; `bot.metrics` has the one that counts. No method waits or raises.

    Kinds are words of a fixed list, never what somebody else wrote.
    """

    def record_neo_request(self, error: str | None) -> None:
        """Count a request to Neo; `error` is the kind of its failure, None if it was answered."""

    def record_slack_request(self, error: str | None) -> None:
        """Count a request to Slack; `error` is the kind of its failure, None if it was answered."""

    def record_webhook_request(self, error: str | None) -> None:
        """Count a request to the webhook's receiver; `error` is the kind of its failure, None if it took the event."""

    def record_answer(self, kind: str, seconds: float) -> None:
        """Count a request of a person that was answered so many seconds after it came."""

    def record_pass(self, kind: str, outcome: str, pages: int, rows: Mapping[str, int]) -> None:
        """Count a pass over Neo that has ended, with the rows that it read by what became of them."""

    def record_delivery(self, kind: str, to: str, seconds: float) -> None:
        """Count a notification that was sent to `slack` or the `webhook` so many seconds after it was enqueued."""


UNMEASURED = Measurements()
"""Counts nothing."""
