"""Visibility: who may see the titles and errors of tasks, and how members are named in channels."""

from enum import StrEnum


class Titles(StrEnum):
    """Who may see task titles and error texts, beside their owner."""

    OPERATORS = "operators"
    CHANNEL = "channel"  # everybody in a channel, too


class Privacy(StrEnum):
    """How members are named in channels, in alerts and the digest."""

    NAMED = "named"
    ANONYMOUS = "anonymous"
    OPERATORS = "operators"  # not named: what concerns one member goes to operators by direct message
