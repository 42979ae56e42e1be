"""The state of the Socket Mode connection, shared by the connection and by whoever reports on it."""

from dataclasses import dataclass


@dataclass(slots=True)
class ConnectionState:
    """`refusal` is the code with which Slack refuses the app token: empty if it takes it, None while nobody knows."""

    refusal: str | None = None
