"""After a restore: takes over what the former ledger knew about limits that this one has too."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.budgets.forecasts.store import adopt_alerts
from bot.budgets.keys import (
    BudgetTopic,
    CrossingEventKey,
    CrossingKey,
    DecidedKey,
    ForecastEventKey,
    ForecastKey,
    ForecastTopic,
    LimitKey,
    RequestKey,
    RequestTopic,
    SummaryKey,
)
from bot.budgets.rules import DEFAULT, TEAM
from bot.budgets.upkeep import restore_store
from bot.budgets.upkeep.restore_store import SubjectLookup
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.key_mapping import KeyMapping, KeyTranslation


def adopt(connection: Connection, former: FormerLedger) -> KeyMapping:
    """Take over crossings, forecast alerts, snoozes, acknowledgements, requests. Returns how their keys read here."""

    def subject_of(subject: int) -> int | None:
        return subject if subject in {TEAM, DEFAULT} else former.members.get(subject)

    revisions = restore_store.common_revisions(connection, former, subject_of)
    crossings = restore_store.adopt_crossings(connection, former, subject_of, revisions)
    forecasts = adopt_alerts(connection, former, subject_of)
    requests, reopened = restore_store.adopt_requests(connection, former)
    restore_store.adopt_snoozes(connection, former, subject_of)
    restore_store.adopt_acknowledgements(connection, former, subject_of)

    keys = _FormerKeys(subject_of, crossings, forecasts, revisions, requests, reopened)
    events: dict[str, KeyTranslation] = {
        CrossingKey.kind: keys.crossing,
        CrossingEventKey.kind: keys.crossing_event,
        ForecastKey.kind: keys.forecast,
        ForecastEventKey.kind: keys.forecast_event,
        LimitKey.kind: keys.limit,
        SummaryKey.kind: keys.summary,
        RequestKey.kind: keys.request,
        DecidedKey.kind: keys.decided,
    }
    topics: dict[str, KeyTranslation] = {
        BudgetTopic.kind: keys.budget_topic,
        ForecastTopic.kind: keys.forecast_topic,
        RequestTopic.kind: keys.request_topic,
    }
    return KeyMapping(events, topics, tuple(map(RequestTopic, sorted(reopened))))


@dataclass(frozen=True, slots=True)
class _FormerKeys:
    """Translates keys of the former ledger by the ids of crossings, forecasts, revisions and requests here.

    Requests that are `reopened` are to be decided again. Each method returns None for what is unknown here.
    """

    subject_of: SubjectLookup
    crossings: Mapping[int, int]
    forecasts: Mapping[int, int]
    revisions: Mapping[int, int]
    requests: Mapping[int, int]
    reopened: Collection[int]

    def crossing(self, text: str) -> CrossingKey | None:
        id_ = self.crossings.get(CrossingKey.decode(text).id)
        return None if id_ is None else CrossingKey(id_)

    def crossing_event(self, text: str) -> CrossingEventKey | None:
        id_ = self.crossings.get(CrossingEventKey.decode(text).id)
        return None if id_ is None else CrossingEventKey(id_)

    def forecast(self, text: str) -> ForecastKey | None:
        id_ = self.forecasts.get(ForecastKey.decode(text).id)
        return None if id_ is None else ForecastKey(id_)

    def forecast_event(self, text: str) -> ForecastEventKey | None:
        id_ = self.forecasts.get(ForecastEventKey.decode(text).id)
        return None if id_ is None else ForecastEventKey(id_)

    def limit(self, text: str) -> LimitKey | None:
        key = LimitKey.decode(text)
        about = self.subject_of(key.about) if isinstance(key.about, int) else key.about
        revision = self.revisions.get(key.revision)
        return None if revision is None or about is None else LimitKey(revision, about)

    def summary(self, text: str) -> SummaryKey | None:
        revision = self.revisions.get(SummaryKey.decode(text).id)
        return None if revision is None else SummaryKey(revision)

    def request(self, text: str) -> RequestKey | None:
        id_ = self.requests.get(RequestKey.decode(text).id)
        return None if id_ is None else RequestKey(id_)

    def decided(self, text: str) -> DecidedKey | None:
        id_ = self.requests.get(DecidedKey.decode(text).id)
        return None if id_ is None or id_ in self.reopened else DecidedKey(id_)

    def budget_topic(self, text: str) -> BudgetTopic | None:
        topic = BudgetTopic.decode(text)
        subject = self.subject_of(topic.subject)
        return None if subject is None else replace(topic, subject=subject)

    def forecast_topic(self, text: str) -> ForecastTopic | None:
        id_ = self.forecasts.get(ForecastTopic.decode(text).id)
        return None if id_ is None else ForecastTopic(id_)

    def request_topic(self, text: str) -> RequestTopic | None:
        id_ = self.requests.get(RequestTopic.decode(text).id)
        return None if id_ is None else RequestTopic(id_)
