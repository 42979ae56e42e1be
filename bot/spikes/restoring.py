"""After a restore: the unusual days that the former ledger had told are told."""

from bot.ledger.former import Former
from bot.outbox.restoring import Names


def names(former: Former) -> Names:
    """How the keys that name spikes read here."""

    def spike(rest: str) -> str | None:
        """`spike:<member>-<date>`."""
        key, _, day = rest.partition("-")
        member = former.members.get(int(key))
        return None if member is None else f"{member}-{day}"

    return Names({"spike": spike}, {})
