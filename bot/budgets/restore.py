"""After a restore: the steps whose crossing the former ledger had told are told, of limits that are here too."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.budgets.keys import (
    BudgetTopic,
    CrossingKey,
    DecidedKey,
    LimitKey,
    RequestKey,
    RequestTopic,
    SummaryKey,
)
from bot.budgets.rules import DEFAULT, TEAM
from bot.database.rows import Row, insert_row, insert_row_anew, rows_by_column
from bot.ledger.former import FormerLedger
from bot.outbox.key_mapping import KeyMapping, KeyTranslation

if TYPE_CHECKING:
    from sqlalchemy import Connection

_REVISIONS = """
SELECT r.id, b.scope, b.unit, r.set_at, r.limit_nanos, r.set_by
FROM budget_revision r JOIN budget b ON b.id = r.budget
"""


def adopt(connection: "Connection", former: FormerLedger) -> KeyMapping:
    """Take over the steps, snoozes, acknowledgements and requests; returns how the keys that name them read here."""
    revisions = _revisions(connection, former)
    crossings = _crossings(connection, former, revisions)
    requests, undone = _requests(connection, former)
    for table in ("snooze", "acknowledgement"):
        for row in former.rows(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
            subject = _subject(former, row["subject"])
            if subject is not None:
                insert_row(connection, table, {**{n: row[n] for n in row if n != "id"}, "subject": subject})

    keys = _FormerKeys(former, crossings, revisions, requests, undone)
    events: dict[str, KeyTranslation] = {
        CrossingKey.kind: keys.crossing,
        LimitKey.kind: keys.limit,
        SummaryKey.kind: keys.summary,
        RequestKey.kind: keys.request,
        DecidedKey.kind: keys.decided,
    }
    topics: dict[str, KeyTranslation] = {BudgetTopic.kind: keys.budget_topic, RequestTopic.kind: keys.request_topic}
    return KeyMapping(events, topics, tuple(map(RequestTopic, sorted(undone))))


@dataclass(frozen=True, slots=True)
class _FormerKeys:
    """Translates keys of the former ledger, by what ids of crossings, revisions and requests are here.

    Requests that are `undone` are to be decided once more.
    """

    former: FormerLedger
    crossings: Mapping[int, int]
    revisions: Mapping[int, int]
    requests: Mapping[int, int]
    undone: Collection[int]

    def crossing(self, text: str) -> CrossingKey | None:
        here = self.crossings.get(CrossingKey.decode(text).id)
        return None if here is None else CrossingKey(here)

    def limit(self, text: str) -> LimitKey | None:
        key = LimitKey.decode(text)
        about = _subject(self.former, key.about) if isinstance(key.about, int) else key.about
        revision = self.revisions.get(key.revision)
        return None if revision is None or about is None else LimitKey(revision, about)

    def summary(self, text: str) -> SummaryKey | None:
        revision = self.revisions.get(SummaryKey.decode(text).id)
        return None if revision is None else SummaryKey(revision)

    def request(self, text: str) -> RequestKey | None:
        here = self.requests.get(RequestKey.decode(text).id)
        return None if here is None else RequestKey(here)

    def decided(self, text: str) -> DecidedKey | None:
        here = self.requests.get(DecidedKey.decode(text).id)
        return None if here is None or here in self.undone else DecidedKey(here)

    def budget_topic(self, text: str) -> BudgetTopic | None:
        topic = BudgetTopic.decode(text)
        subject = _subject(self.former, topic.subject)
        return None if subject is None else replace(topic, subject=subject)

    def request_topic(self, text: str) -> RequestTopic | None:
        here = self.requests.get(RequestTopic.decode(text).id)
        return None if here is None else RequestTopic(here)


def _subject(former: FormerLedger, subject: int) -> int | None:
    return subject if subject in {TEAM, DEFAULT} else former.members.get(subject)


def _revisions(connection: "Connection", former: FormerLedger) -> dict[int, int]:
    """The limits that both know, by what they are: the former's key, and the one here."""
    here = {_identity(row, row["scope"]): row["id"] for row in rows_by_column(connection, _REVISIONS)}
    theirs = {row["id"]: _identity(row, _subject(former, row["scope"])) for row in former.rows(_REVISIONS)}
    return {key: here[what] for key, what in theirs.items() if what in here}


def _identity(row: Row, scope: int | None) -> tuple[object, ...]:
    return scope, row["unit"], row["set_at"], row["limit_nanos"], row["set_by"]


def _crossings(connection: "Connection", former: FormerLedger, revisions: dict[int, int]) -> dict[int, int]:
    """The former's crossings by key, as they are here."""
    here = {_case(row): row["id"] for row in rows_by_column(connection, "SELECT * FROM crossing")}
    newest = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM charge").scalar_one()
    found: dict[int, int] = {}
    for row in former.rows("SELECT * FROM crossing ORDER BY id"):
        subject, revision = _subject(former, row["subject"]), revisions.get(row["revision"])
        if subject is None or revision is None:
            continue
        new = {**row, "subject": subject, "revision": revision, "last_charge": newest}
        key = here.get(_case(new)) or insert_row_anew(connection, "crossing", new)
        if key is not None:
            found[row["id"]] = key
    return found


def _case(row: Row) -> tuple[object, ...]:
    return row["subject"], row["unit"], row["period"], row["revision"], row["step"]


_ASKED = ("limit_nanos", "ends_at", "reason", "asked_at", "state", "decided_by", "decided_at")


def _requests(connection: "Connection", former: FormerLedger) -> tuple[dict[int, int], set[int]]:
    """The former's requests by key, as they are here; and which of these are open again.

    Those are what it had approved since: the limits that were set by that are not here.
    """
    here = {row["id"]: row for row in rows_by_column(connection, "SELECT * FROM budget_request")}
    found: dict[int, int] = {}
    undone: set[int] = set()
    for row in former.rows("SELECT * FROM budget_request ORDER BY id"):
        new, known = {**row, "member": former.members[row["member"]]}, here.get(row["id"], {})
        same = (known.get("unit"), known.get("asked_by")) == (new["unit"], new["asked_by"])
        is_undone = new["state"] == "approved" and not (same and known["state"] == "approved")
        if is_undone:
            new |= {"state": "open", "decided_by": None, "decided_at": None}
        key = row["id"] if same else insert_row_anew(connection, "budget_request", new)
        if same:
            _bring_up_to_date(connection, new)
        if key is not None:
            found[row["id"]] = key
        if key is not None and is_undone:
            undone.add(key)
    return found, undone


def _bring_up_to_date(connection: "Connection", row: Row) -> None:
    sets = ", ".join(f"{name} = ?" for name in _ASKED)
    connection.exec_driver_sql(
        f"UPDATE budget_request SET {sets} WHERE id = ?",  # noqa: S608 - our own names
        (*(row[name] for name in _ASKED), row["id"]),
    )
