"""After a restore: spikes that the former ledger had reported are reported."""

from dataclasses import replace

from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping
from bot.spikes.keys import SpikeEventKey, SpikeKey


def adopt(former: FormerLedger) -> KeyMapping:
    """Return how the keys that name spikes read here."""

    def spike(text: str) -> SpikeKey | None:
        key = SpikeKey.decode(text)
        member = former.members.get(key.member)
        return None if member is None else replace(key, member=member)

    def event(text: str) -> SpikeEventKey | None:
        key = SpikeEventKey.decode(text)
        member = former.members.get(key.member)
        return None if member is None else replace(key, member=member)

    return KeyMapping({SpikeKey.kind: spike, SpikeEventKey.kind: event}, {})
