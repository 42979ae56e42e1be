"""The state of the Socket Mode connection: the connection records it, reports read it."""

from dataclasses import dataclass


@dataclass(slots=True)
class ConnectionState:
    """`refusal` is the code with which Slack refuses the app token: "" if it accepts it, None until that is known."""

    refusal: str | None = None
