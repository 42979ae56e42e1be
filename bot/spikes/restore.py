"""After a restore: the unusual days that the former ledger had told are told."""

from bot.ledger.former import FormerLedger
from bot.outbox.restore import KeyMapping


def names(former: FormerLedger) -> KeyMapping:
    """How the keys that name spikes read here."""

    def spike(rest: str) -> str | None:
        """`spike:<member>-<date>`."""
        key, _, day = rest.partition("-")
        member = former.members.get(int(key))
        return None if member is None else f"{member}-{day}"

    return KeyMapping({"spike": spike}, {})
