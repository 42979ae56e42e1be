"""After a restore: incidents that the former ledger had reported go on here, and those that had ended are over."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.domain.keys import NotificationKey
from bot.incidents.keys import IncidentEventKey, IncidentKey, IncidentTopic, decode_event
from bot.incidents.store import adopt_incidents
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping, KeyTranslation


def adopt(connection: Connection, former: FormerLedger) -> KeyMapping:
    """Take over the former ledger's incidents; return how the keys that name them read here."""
    ids = adopt_incidents(connection, former)

    def event(text: str) -> NotificationKey | None:
        key = decode_event(text)
        if isinstance(key, IncidentKey):
            return key
        id_here = ids.get(key.incident)
        return None if id_here is None else replace(key, incident=id_here)

    def change(text: str) -> IncidentEventKey | None:
        key = IncidentEventKey.decode(text)
        id_here = ids.get(key.incident)
        return None if id_here is None else replace(key, incident=id_here)

    def topic(text: str) -> IncidentTopic | None:
        former_topic = IncidentTopic.decode(text)
        id_here = ids.get(former_topic.incident)
        return None if id_here is None else replace(former_topic, incident=id_here)

    events: dict[str, KeyTranslation] = {IncidentKey.kind: event, IncidentEventKey.kind: change}
    return KeyMapping(events, {IncidentTopic.kind: topic})
