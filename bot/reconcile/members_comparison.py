"""Members: on which days Neo's sums by person are not what the ledger counts, though its totals of these days are.

Who has left the team has no sum of their own in Neo, and whom Neo knows may be unknown here, erased or renamed. So only
members are compared whom both have in the whole window, with all their e-mails.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection

from bot.domain.usage_total import NO_USAGE, UsageTotal, agrees, same_amount
from bot.ledger.members import UNATTRIBUTED, current_emails, ids_by_email, stored_email
from bot.ledger.neo_agreement import MemberDifference, NeoAgreement, members_by_id
from bot.neo.summary import Summary
from bot.reconcile.narrowing import Narrowing
from bot.reconcile.rules import MOST_SEPARATE_DAYS, BothTotals, Days, days_by_halving
from bot.reconcile.upstream import ChangingError, Heal
from bot.sync.rules import PassKind, PlannedPass

MemberTotals = dict[str, BothTotals]
"""The totals of members by their current e-mail."""


@dataclass(frozen=True, slots=True)
class FoundMembers:
    """The days on which members differ; or the totals of those who differ where Neo sums them in a way of its own."""

    differences: tuple[MemberDifference, ...] = ()
    otherwise: Mapping[str, BothTotals] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MembersComparison:
    """Compares a run of days by person, all of whose totals agree; `heal` reads passes. All raise what these two do.

    `former` is what the last comparison found. `is_spread`: whether Neo counts tasks when they are executed, so that
    days may agree where one task without credits counts in place of another, perhaps another person's.
    """

    narrowing: Narrowing
    heal: Heal
    days: Days
    former: NeoAgreement
    is_spread: bool

    @property
    def known(self) -> tuple[MemberDifference, ...]:
        """What was found before on these days."""
        return tuple(each for each in self.former.members if each.day in self.days)

    async def run(self, summary: Summary) -> FoundMembers:
        """Return which members differ from Neo's summary of these days."""
        if summary.by_email is None:
            return FoundMembers(self.known)
        both = await self._of_both(self.days, summary)
        differing = _differing(both, summary)
        if not differing or (self.is_spread and not _differing_credits(both, summary)):
            return FoundMembers()
        known = await self._by_email(self.known)
        if _are_explained(differing, known, summary.total.credits):
            return FoundMembers(self.known)
        by_day = None if self.former.members_apart else await self._by_day(both.keys())
        if by_day is None:
            return FoundMembers(self.known, differing)
        return FoundMembers(tuple(await self._differences(by_day, known)))

    # --- days ----------------------------------------------------------------------------------------

    async def _by_day(self, compared: Collection[str]) -> Mapping[date, MemberTotals] | None:
        """Return the members who differ by day, after healing what a pass can heal; None if too many days differ."""

        async def differ(days: Days) -> bool:
            summary = await self._summary(days)
            return bool(_differing(_only(compared, await self._of_all(days, summary)), summary))

        found = await days_by_halving(self.days, differ)
        if len(found) <= MOST_SEPARATE_DAYS and found:
            days = [Days(each, each) for each in found]
            await self.heal([PlannedPass(PassKind.HISTORY, each.start, each.end) for each in days])
            found = await days_by_halving(self.days, differ)
        if len(found) > MOST_SEPARATE_DAYS:
            return None
        return {each: await self._confirmed(Days(each, each), compared) for each in found}

    async def _confirmed(self, day: Days, compared: Collection[str]) -> MemberTotals:
        """Return the members who differ on a day, if not because Neo lists tasks of theirs without an e-mail.

        None does where the totals of that day differ since it was read again: it is compared anew the next time.
        """
        summary = await self._summary(day)
        if not agrees(await self.narrowing.ledger.total(day.start, day.end), summary.total):
            return {}
        both = defaultdict(lambda: (NO_USAGE, NO_USAGE), await self._of_all(day, summary))
        for email, nameless in (await self._nameless(day)).items():
            for member, change in ((email, NO_USAGE - nameless), (UNATTRIBUTED, nameless)):
                ours, neos = both[member]
                both[member] = ours + change, neos
        found = _only(compared, both)
        return _differing_credits(found, summary) if self.is_spread else _differing(found, summary)

    async def _nameless(self, day: Days) -> Mapping[str, UsageTotal]:
        """Return what members have here of a day that Neo lists without an e-mail, by their e-mail."""
        window = await self.narrowing.neo.window(day.start, day.end)
        stored = await self.narrowing.ledger.by_id(each.task_id for each in window.rows if not each.email)
        created = [task for task in stored.values() if day.start <= task.created_at < day.end]
        emails = await self.narrowing.ledger.emails(task.task_id for task in created)
        found: dict[str, UsageTotal] = defaultdict(lambda: NO_USAGE)
        for task in created:
            found[emails[task.task_id]] += self.narrowing.ledger.measure.of_task(task)
        return found

    # --- totals --------------------------------------------------------------------------------------

    async def _summary(self, days: Days) -> Summary:
        """Return Neo's summary of days. Raises ChangingError if it does not sum by person now, and NeoError."""
        summary = await self.narrowing.neo.summary(days.start, days.end)
        if summary.by_email is None:
            raise ChangingError
        return summary

    async def _of_both(self, days: Days, summary: Summary) -> MemberTotals:
        """Return the totals of the members whom both have, each under all e-mails that were merged into theirs."""
        current = await self.narrowing.ledger.database.read(current_emails)
        ours, neos = await self._sums(days, summary, current)
        in_part = {email for former, email in current.items() if not {former, email} <= (summary.by_email or {}).keys()}
        return {email: (ours[email], neos[email]) for email in sorted((ours.keys() & neos.keys()) - in_part)}

    async def _of_all(self, days: Days, summary: Summary) -> MemberTotals:
        """Return the totals of the members whom one of the two has."""
        current = await self.narrowing.ledger.database.read(current_emails)
        ours, neos = await self._sums(days, summary, current)
        everybody = sorted(ours.keys() | neos.keys())
        return {email: (ours.get(email, NO_USAGE), neos.get(email, NO_USAGE)) for email in everybody}

    async def _sums(
        self, days: Days, summary: Summary, current: Mapping[str, str]
    ) -> tuple[Mapping[str, UsageTotal], Mapping[str, UsageTotal]]:
        neos: dict[str, UsageTotal] = defaultdict(lambda: NO_USAGE)
        for email, total in (summary.by_email or {}).items():
            neos[current.get(email, email)] += total
        return await self.narrowing.ledger.members(days.start, days.end), dict(neos)

    # --- differences ---------------------------------------------------------------------------------

    async def _differences(
        self, by_day: Mapping[date, MemberTotals], known: Iterable[tuple[str, MemberDifference]]
    ) -> Sequence[MemberDifference]:
        """Return the differences by member, those that were found before since then."""
        database, everybody = self.narrowing.ledger.database, {email for both in by_day.values() for email in both}
        ids = await database.read(lambda connection: ids_by_email(connection, everybody))
        before = {(each.day, email): each for email, each in known}

        def since(day: date, email: str, both: BothTotals) -> datetime:
            former = before.get((day, email))
            if former is not None and agrees(_change((former.ours, former.neos)), _change(both), _largest(both)):
                return former.since
            return self.narrowing.now

        return [
            MemberDifference(day, ids[email], *both, since(day, email, both))
            for day, members in sorted(by_day.items())
            for email, both in members.items()
            if email in ids
        ]

    async def _by_email(self, differences: Sequence[MemberDifference]) -> list[tuple[str, MemberDifference]]:
        """Return differences with the current e-mails of their members."""

        def read(connection: Connection) -> list[tuple[str, MemberDifference]]:
            emails = members_by_id(connection, differences)
            return [(stored_email(emails[each.member]), each) for each in differences if each.member in emails]

        return await self.narrowing.ledger.database.read(read)


def _only(compared: Collection[str], totals: MemberTotals) -> MemberTotals:
    return {email: both for email, both in totals.items() if email in compared}


def _differing(totals: MemberTotals, summary: Summary) -> MemberTotals:
    """Return those that are not the same, as parts of a total that agrees."""
    whole = summary.total.credits
    return {email: both for email, both in totals.items() if not agrees(*both, whole)}


def _differing_credits(totals: MemberTotals, summary: Summary) -> MemberTotals:
    whole = summary.total.credits
    return {
        email: (ours, neos)
        for email, (ours, neos) in totals.items()
        if not same_amount(ours.credits, neos.credits, whole)
    }


def _change(both: BothTotals) -> UsageTotal:
    ours, neos = both
    return neos - ours


def _largest(both: BothTotals) -> Decimal:
    return max(each.credits for each in both)


def _are_explained(differing: MemberTotals, known: Iterable[tuple[str, MemberDifference]], whole: Decimal) -> bool:
    """Return whether members differ by what was found before, and by nothing else."""
    expected: dict[str, UsageTotal] = defaultdict(lambda: NO_USAGE)
    for email, each in known:
        expected[email] += _change((each.ours, each.neos))
    changes = {email: _change(both) for email, both in differing.items()}
    return expected.keys() == changes.keys() and all(
        agrees(expected[email], change, whole) for email, change in changes.items()
    )
