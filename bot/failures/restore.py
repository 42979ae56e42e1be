"""After a restore: groups that the former ledger had reported go on, so that their tasks are no news, and silences."""

from datetime import datetime

from sqlalchemy import Connection

from bot.failures.adoption_store import adopt_groups, adopt_kinds, adopt_silences, reopen_groups
from bot.failures.keys import FailureKey, FailuresKey, FailuresOpenedKey, FailuresResolvedKey, FailuresTopic
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping, KeyTranslation


def adopt(connection: Connection, former: FormerLedger, now: datetime) -> KeyMapping:
    """Take over the groups that were reported, and silences; return how the keys that name groups read here."""
    kinds = adopt_kinds(connection, former)
    groups = adopt_groups(connection, former, kinds)
    reopen_groups(connection, former, groups, now)
    adopt_silences(connection, former, kinds)

    def first(text: str) -> FailuresKey | None:
        id_here = groups.get(FailuresKey.decode(text).id)
        return None if id_here is None else FailuresKey(id_here)

    def group(text: str) -> FailureKey | None:
        id_here = groups.get(FailureKey.decode(text).id)
        return None if id_here is None else FailureKey(id_here)

    def opened(text: str) -> FailuresOpenedKey | None:
        id_here = groups.get(FailuresOpenedKey.decode(text).id)
        return None if id_here is None else FailuresOpenedKey(id_here)

    def resolved(text: str) -> FailuresResolvedKey | None:
        id_here = groups.get(FailuresResolvedKey.decode(text).id)
        return None if id_here is None else FailuresResolvedKey(id_here)

    def topic(text: str) -> FailuresTopic | None:
        id_here = groups.get(FailuresTopic.decode(text).id)
        return None if id_here is None else FailuresTopic(id_here)

    events: dict[str, KeyTranslation] = {
        FailuresKey.kind: first,
        FailureKey.kind: group,
        FailuresOpenedKey.kind: opened,
        FailuresResolvedKey.kind: resolved,
    }
    return KeyMapping(events, {FailuresTopic.kind: topic})
