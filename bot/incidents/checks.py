"""Checks: what is wrong with the bot itself now, each with a sentence about it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from sqlalchemy import Connection

from bot.database.backup_record import BackupRecord, backup_record
from bot.domain import formatting
from bot.domain.text import one_line
from bot.incidents.rules import (
    BACKUP_TAKES,
    FAILED_PASSES,
    LEAST_FREE_BYTES,
    LONGEST_WITHOUT_BACKUP,
    LONGEST_WITHOUT_END,
    RECENT,
    WEBHOOK_WAITS,
    IncidentName,
)
from bot.incidents.store import open_incident
from bot.ledger.api_key_warning import api_key_warning
from bot.ledger.neo_agreement import (
    NeoAgreement,
    difference_texts,
    member_difference_text,
    members_by_id,
    neo_agreement,
    newest_difference,
    over_text,
    part_texts,
)
from bot.ledger.passes.history import PassEnd, first_pass_between, first_start_since_complete, last_pass_ends
from bot.ledger.passes.tally import PassOutcome
from bot.ledger.quarantine import latest_quarantined, quarantined_count
from bot.outbox.queries import dead_notifications, unrendered_count
from bot.outbox.webhook_queue import is_gone, webhook_trouble
from bot.people.member_names import MemberNames, emails_as_names

_LONGEST = 500  # the most characters about broken templates, or differences
_LONGEST_NAME = 1_000  # more than a name or an e-mail has
_NAMED = 3  # so many rejected rows are named


def current_incidents(
    connection: Connection,
    free_bytes: int | None,
    broken: Mapping[str, str] | None,
    now: datetime,
    refusal: str | None = "",
    *,
    backs_up: bool = True,
    names: MemberNames = emails_as_names,
) -> dict[IncidentName, str]:
    """Return what is wrong now, each with a sentence, from one snapshot of the database.

    Args:
        connection: the database.
        free_bytes: how much is free on the disk of the database; None if nobody can tell.
        broken: the operator's own templates that cannot be used, each with the reason; None before they were checked,
            in which case an open incident about them stays open.
        now: the present moment.
        refusal: the code with which Slack refused the app token, "" if it did not; None before it was tried, in which
            case an open incident about it stays open.
        backs_up: whether backups are to be made.
        names: returns what members are called.
    """
    descriptions = {
        **_passes(connection, now),
        IncidentName.SCOPE: api_key_warning(connection),
        IncidentName.QUARANTINE: _quarantine(connection),
        IncidentName.DEAD: _undelivered_messages(connection, now),
        IncidentName.WEBHOOK: _webhook(connection, now),
        IncidentName.WORDING: _unrendered_messages(connection),
        IncidentName.CONNECTION: _connection(connection, refusal),
        IncidentName.TEMPLATE: _templates(connection, broken),
        IncidentName.DIFFERENCE: _difference(connection, names, now),
        IncidentName.DISK: _disk(free_bytes),
        IncidentName.BACKUP: _backup(backup_record(connection), now) if backs_up else None,
    }
    return {name: description for name, description in descriptions.items() if description}


def found_at(connection: Connection, name: IncidentName) -> datetime | None:
    """Return when the newest part of what is wrong was found; None where that is not kept."""
    return newest_difference(connection) if name is IncidentName.DIFFERENCE else None


# --- passes --------------------------------------------------------------------------------------


def _passes(connection: Connection, now: datetime) -> dict[IncidentName, str]:
    """Return what is wrong with the tail passes, or with another kind of pass that is tried again and again."""
    recent = first_pass_between(connection, now - RECENT, now)
    kinds = {"tail": 0} | ({} if recent is None else dict.fromkeys(("nightly", "weekly", "history"), recent))
    for kind, first in kinds.items():
        ends = last_pass_ends(connection, kind, first, FAILED_PASSES)
        if len(ends) == FAILED_PASSES and all(each.outcome is not PassOutcome.COMPLETE for each in ends):
            return _failed_passes(ends)
    since = first_start_since_complete(connection, "tail")
    if since is not None and now - since > LONGEST_WITHOUT_END:
        hours = (now - since) // timedelta(hours=1)
        return {IncidentName.INCOMPLETE: f"no sync with Neo has finished for {hours} hours"}
    return {}


def _failed_passes(ends: Sequence[PassEnd]) -> dict[IncidentName, str]:
    """Return the incident of passes none of which was complete, the last one first."""
    # without the remedy, which the notification adds itself
    why = str(ends[0].error or "the list doesn't add up").partition(". ")[0].rstrip(".")
    if any(each.outcome not in {PassOutcome.FAILED, PassOutcome.BROKEN} for each in ends):
        return {IncidentName.INCOMPLETE: f"none of the last {FAILED_PASSES} syncs with Neo was complete: {why}"}
    if ends[0].outcome is PassOutcome.BROKEN:
        return {IncidentName.READING: f"the last {FAILED_PASSES} syncs with Neo failed: {_inert(why, 200)}"}
    return {IncidentName.UPSTREAM: f"the last {FAILED_PASSES} syncs with Neo failed: {why}"}


# --- rows, messages, templates -------------------------------------------------------------------


def _quarantine(connection: Connection) -> str | None:
    """Return how many rows were rejected, and of the latest of them which and why; None if there are none."""
    count = quarantined_count(connection)
    if not count:
        return None
    rows = latest_quarantined(connection, _NAMED)
    named = "; ".join(f"{_inert(each.key, 60)}: {_inert(each.reason, 120)}" for each in rows)
    more = f"; and {count - _NAMED:,} more" if count > _NAMED else ""
    return f"{count:,} {'row from Neo was' if count == 1 else 'rows from Neo were'} rejected: {named}{more}"


def _undelivered_messages(connection: Connection, now: datetime) -> str | None:
    dead, why = dead_notifications(connection, now - RECENT, now)
    return f"{formatting.count(dead, 'message')} couldn't be delivered where they belong ({why})" if dead else None


def _webhook(connection: Connection, now: datetime) -> str | None:
    """Return why events do not reach the webhook's receiver; None if they do, or are tried for a short time only."""
    if is_gone(connection):
        return "its receiver answered 410 and wants no more events, so I send none"
    trouble = webhook_trouble(connection, RECENT, now)
    if trouble.given_up:
        return f"I gave up on {formatting.count(trouble.given_up, 'event')} ({trouble.why_given_up})"
    since = trouble.waiting_since
    if since is None or now - since < WEBHOOK_WAITS:
        return None
    waited = formatting.count((now - since) // timedelta(hours=1), "hour")
    return f"the oldest event has waited for {waited} ({trouble.why_waiting})"


def _unrendered_messages(connection: Connection) -> str | None:
    unrendered = unrendered_count(connection)
    if not unrendered:
        return None
    return (
        f"{formatting.count(unrendered, 'message')} couldn't be rendered: a template is broken, and the log says where"
    )


def _difference(connection: Connection, names: MemberNames, now: datetime) -> str | None:
    """Return on which days the ledger differs from Neo's total, and in what; None if it does not."""
    today, agreement = now.astimezone(UTC).date(), neo_agreement(connection)
    text = _inert("; ".join(difference_texts(agreement, today)), _LONGEST)
    members = _fitting(list(_member_differences(connection, agreement, names, today)), _LONGEST)
    differing = [each for each in (text, *members, *part_texts(agreement, today)) if each]
    over = over_text(agreement, today)
    return "; ".join([over, *differing] if over and differing else differing) or None


def _member_differences(
    connection: Connection, agreement: NeoAgreement, names: MemberNames, today: date
) -> Iterator[str]:
    if not agreement.members:
        return
    emails = members_by_id(connection, agreement.members)
    called = names(connection, set(emails.values()))
    for each in agreement.members:
        if each.member in emails:
            text = member_difference_text(called[emails[each.member]], each, today)
            yield _inert(text, _LONGEST_NAME + _LONGEST)


def _fitting(texts: Sequence[str], longest: int) -> list[str]:
    """Return as many texts as fit, each as a whole, and how many more there are: half a name could not be erased."""
    lengths = accumulate(map(len, texts))
    shown = sum(length <= longest for length in lengths)
    more = len(texts) - shown
    return [*texts[:shown], *([f"and {more:,} more by person"] if more else [])]


def _templates(connection: Connection, broken: Mapping[str, str] | None) -> str | None:
    if broken is None:
        return _description(connection, IncidentName.TEMPLATE)
    return "; ".join(f"{name}: {why}" for name, why in sorted(broken.items()))[:_LONGEST]


def _connection(connection: Connection, refusal: str | None) -> str | None:
    if refusal is None:
        return _description(connection, IncidentName.CONNECTION)
    return f"Slack rejects SLACK_APP_TOKEN ({refusal})" if refusal else None


def _description(connection: Connection, name: IncidentName) -> str | None:
    """Return the description of an incident that is open."""
    incident = open_incident(connection, name)
    return None if incident is None else incident.description


def _disk(free_bytes: int | None) -> str | None:
    if free_bytes is None or free_bytes >= LEAST_FREE_BYTES:
        return None
    return f"{free_bytes / 2**20:,.0f} MB are left on the disk of the database"


def _backup(record: BackupRecord, now: datetime) -> str | None:
    """Return why there is no recent backup; None if there is one, or if the first one is only due."""
    if record.failure:
        # without the remedy, which `doctor` and the log give
        return f"the last one failed: {_inert(record.failure.partition('. ')[0].rstrip('.'), 300)}"
    since = record.made_at or record.tried_at
    if since is None or record.tried_at is None or now - since <= LONGEST_WITHOUT_BACKUP:
        return None
    if now - record.tried_at < BACKUP_TAKES:
        return None
    return f"none was finished for {formatting.count((now - since) // timedelta(days=1), 'day')}"


_LOOKALIKES = {ord("<"): "\u2039", ord(">"): "\u203a", ord("`"): "\u02cb"}


def _inert(text: str, longest: int) -> str:
    """Return untrusted text without the signs that make a mention, a link or code of it."""
    return one_line(text, longest).translate(_LOOKALIKES)
