"""The composition root: wires the rooms to the settings, and owns the clock."""

import json
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.database.errors import LedgerError, translated_errors
from bot.database.reader import Reader, open_reader
from bot.domain.access import AT_THE_TERMINAL
from bot.domain.timestamps import from_us
from bot.ledger.passes import Freshness, first_pass_start, freshness, pass_attempts
from bot.ledger.pricing_unit import check_unit, require_unit
from bot.ledger.scope import EVERYTHING
from bot.ledger.selection import parse_question
from bot.outbox.rules import DeliveryTiming
from bot.settings import Settings, SettingsError
from bot.usage.report import Report, ReportPolicy, answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from bot.budgets.evaluator import BudgetEvaluator
    from bot.database.engine import Database
    from bot.database.lease import LeaseHolder
    from bot.digest.facts import DigestPolicy
    from bot.digest.planner import DigestPlanner
    from bot.domain.question import Question
    from bot.failures.grouper import FailureGrouper
    from bot.failures.report import ErrorReport
    from bot.ledger.former import FormerLedger
    from bot.ledger.repricing import RepricingResult
    from bot.neo.client import RetryPolicy
    from bot.outbox.restore import KeyMapping, RestoredMessages
    from bot.spikes.detector import SpikeDetector
    from bot.spikes.rules import SpikePolicy
    from bot.sync.rules import PlannedPass, SyncPlan
    from bot.sync.runner import SyncOutcome, SyncProgress, YieldToReaders

Clock = Callable[[], datetime]
Waiting = Callable[["LeaseHolder"], None]


def system_clock() -> datetime:
    """The present moment, UTC; the only place that asks the machine."""
    return datetime.now(UTC)  # noqa: TID251 - the owner of the clock


@dataclass(frozen=True, slots=True)
class App:
    """The rooms, wired. Nothing is opened before it is needed."""

    settings: Settings
    clock: Clock
    patience: "RetryPolicy | None" = None
    times: DeliveryTiming = field(default_factory=DeliveryTiming)

    @contextmanager
    def reader(self) -> "Iterator[Reader]":
        """The ledger for reading, brought up to date first if an older version wrote it.

        Raises:
            LedgerError: there is none yet, or it is priced in another unit.
            UnusableError: it cannot be read now.
        """
        reader = self._opened()
        try:
            with translated_errors(self.settings.database_path):
                check_unit(reader, self.settings.pricing_unit)
                yield reader
        finally:
            reader.close()

    def _opened(self) -> Reader:
        try:
            return open_reader(self.settings.database_path)
        except LedgerError:
            if not self.settings.database_path.is_file():
                raise
        with self.database():
            return open_reader(self.settings.database_path)

    @contextmanager
    def database(self) -> "Iterator[Database]":
        """The ledger for writing, made or brought up to date first."""
        from bot.database.engine import open_database

        database = open_database(self.settings.database_path)
        try:
            self._finish_restore(database)
            yield database
        finally:
            database.close()

    def report(self, line: str) -> Report:
        """Answer a line of the query language, asked by whoever holds the terminal.

        Raises:
            QueryError: the line is no question.
            RefusedError: a name in it is nobody's.
            LedgerError: the ledger cannot be read.
        """
        now = self.clock()
        with self.reader() as reader:
            return answer(reader, self._question(reader, line, now), AT_THE_TERMINAL, self.policy, now)

    def _question(self, reader: Reader, line: str, now: datetime) -> "Question":
        return parse_question(reader, EVERYTHING, line, now, self.settings.timezone, self.settings.failure_statuses)

    def errors(self, line: str) -> "ErrorReport":
        """What failed, asked in the query language by whoever holds the terminal; raises as `report`."""
        from bot.failures.report import check_question, error_report

        settings, now = self.settings, self.clock()
        with self.reader() as reader:
            question = self._question(reader, line, now)
            check_question(question, settings.failure_statuses)
            zone, basis, failing = settings.timezone, settings.spend_basis, settings.failure_statuses
            return error_report(reader, question, AT_THE_TERMINAL, zone, basis, failing, now)

    @property
    def policy(self) -> ReportPolicy:
        """What every answer rests on."""
        settings = self.settings
        return ReportPolicy(
            settings.timezone, settings.spend_basis, settings.byok_unit is not None, settings.failure_statuses
        )

    @property
    def watch(self) -> "BudgetEvaluator":
        """Who sees in each booking which budgets it brings over a step."""
        from bot.budgets.evaluator import BudgetEvaluator, BudgetPolicy

        settings = self.settings
        policy = BudgetPolicy(settings.timezone, settings.spend_basis, settings.budget_steps, settings.alert_privacy)
        return BudgetEvaluator(policy)

    @property
    def failures(self) -> "FailureGrouper":
        """Who sees in each booking which tasks failed, and how."""
        from bot.failures.grouper import FailureGrouper

        return FailureGrouper(self.settings.failure_statuses)

    async def sync(
        self, *, full: bool, progress: "Callable[[SyncProgress], None]", waiting: "Waiting"
    ) -> "SyncOutcome":
        """One sync of the ledger with the upstream, alone.

        Args:
            full: read everything the upstream has, instead of the tail and missing history.
            progress: called after every page.
            waiting: called once if another sync has to end first.

        Raises:
            SettingsError: there is no credential.
            NeoError: the upstream failed.
            LedgerError: the ledger cannot be written, or another sync took over.
        """
        from bot.sync.rules import PassKind, PlannedPass

        self.credential()
        with self.database(), self.reader() as reader:
            agenda = self.agenda(reader)
            first = freshness(reader, self.clock()).as_of is None
        if not full:
            planned = [agenda.tail, *agenda.history]
        elif first:
            planned = [PlannedPass(PassKind.FULL, None, self.clock())]
        else:  # what is recent first
            planned = [agenda.tail, PlannedPass(PassKind.FULL, None, agenda.tail.start or self.clock())]
        return await self.read(planned, progress, waiting)

    async def read(
        self,
        planned: "Sequence[PlannedPass]",
        progress: "Callable[[SyncProgress], None]",
        waiting: "Waiting",
        *,
        quiet: bool = False,
        courtesy: "YieldToReaders | None" = None,
    ) -> "SyncOutcome":
        """Read planned windows into the ledger under the sync lease; arguments and errors as of `sync`.

        `quiet` says that whatever is new is history, of which nobody is told; `courtesy` is awaited before each page
        is booked. Nothing here holds up the event loop.
        """
        import asyncio
        from secrets import token_hex

        from bot.database.lease import holder_name
        from bot.ledger.booking import BookingPolicy
        from bot.neo.client import connect
        from bot.neo.errors import TransientError
        from bot.sync import rate_limit
        from bot.sync.runner import SyncRun, holding_lease

        credential = self.credential()
        holder = holder_name(token_hex(4))
        database = await asyncio.to_thread(self.opened_to_book)
        try:
            async with (
                holding_lease(database, holder, self.clock, waiting),
                connect(self.settings.neo_api_url, credential, self.patience, self.clock) as client,
            ):
                spikes = (watch.observe for watch in self._spike_watches())
                observers = [self.watch.observe, self.failures.observe, *spikes]
                booking = BookingPolicy(self.settings.pricing_unit, self.settings.solo_member, observers)
                poll = timedelta(seconds=self.settings.poll_seconds)
                job = SyncRun(database, client, self.clock, booking, holder, progress, courtesy, poll)
                return await job.run(planned, quiet=quiet)
        except TransientError as error:
            if seconds := error.retry_after:
                await database.write(lambda connection: rate_limit.keep(connection, seconds, self.clock()))
            raise
        finally:
            await asyncio.shield(asyncio.to_thread(database.close))

    def _spike_watches(self) -> "Iterator[SpikeDetector]":
        """Who tells of a member's unusual day, if that is switched on."""
        from bot.spikes.detector import SpikeDetector

        if self.settings.spike_alerts:
            yield SpikeDetector(self.unusual)

    @property
    def unusual(self) -> "SpikePolicy":
        """What an unusual day of a member is."""
        from bot.spikes.rules import SpikePolicy

        return SpikePolicy(self.settings.timezone, self.settings.spend_basis, self.settings.spike_floor)

    @property
    def digests(self) -> "DigestPlanner":
        """Who decides when digests are due."""
        from bot.digest.planner import DigestPlanner
        from bot.digest.rules import DigestSchedule

        return DigestPlanner(DigestSchedule(self.settings.digest_at, self.settings.digest_days, self.settings.timezone))

    @property
    def digest_terms(self) -> "DigestPolicy":
        """What every digest rests on."""
        from bot.digest.facts import DigestPolicy

        settings = self.settings
        return DigestPolicy(self.watch.policy, self.unusual, settings.byok_unit is not None, settings.failure_statuses)

    def show_digest(self, day: str | None) -> str:
        """A morning's digest as text (an ISO date, or today), with everybody's names; raises as `report`."""
        from bot.digest.commands import date_of
        from bot.digest.render import DigestMessage, requested_digest
        from bot.domain.visibility import Privacy
        from bot.shipped import shipped
        from bot.slack.blocks import plain
        from bot.slack.templates import Templates

        now, watch, terms = self.clock(), self.digests, self.digest_terms
        with self.reader() as reader:
            found = requested_digest(reader, "", date_of(day or "", now, watch), watch, terms, now)
        templates = Templates(shipped("templates"), self.settings.templates_dir)
        return plain(DigestMessage(found, templates, terms, Privacy.NAMED).message())

    async def post_digest(self, day: str | None) -> list[str]:
        """Owe a morning's digest to each channel, for the running service to post; returns a line about each.

        Raises:
            SettingsError: there is no token to look channels up with.
            SlackError: Slack does not say which channels are meant.
            RefusedError: it is no date, or still to come.
            LedgerError: the ledger cannot be used.
        """
        from bot.digest.commands import date_of
        from bot.slack.workspace import connect_workspace

        if self.settings.slack_bot_token is None:
            raise SettingsError(["SLACK_BOT_TOKEN: it is not set. Copy it from your Slack app: OAuth & Permissions."])
        now = self.clock()
        date = date_of(day or "", now, self.digests)
        token, address = self.settings.slack_bot_token.reveal(), self.settings.slack_api_url
        async with connect_workspace(token, address) as workspace:
            found = [(named, await workspace.find(named)) for named in self.settings.digest_channel]
        said = []
        with self.database() as database, self.reader() as reader:
            for named, channel in found:
                key = str(channel["id"]) if channel else named
                asked = self.digests.asked(reader, key, date, now)
                with database.transaction() as connection:
                    new = self.digests.tell(connection, asked, now)
                said.append(
                    f"{named}: {'owed; the service posts it' if new else 'told already; a channel gets one a date'}"
                )
        return said

    def opened_to_book(self) -> "Database":
        """The ledger for writing, made or brought up to date, in the unit that is set; whoever asks closes it.

        Raises:
            LedgerError: it cannot be written, or is priced in another unit.
        """
        from bot.database.engine import open_database

        database = open_database(self.settings.database_path)
        try:
            self._finish_restore(database)
            with database.transaction() as connection:
                require_unit(connection, self.settings.pricing_unit)
                self.failures.record(connection)
        except BaseException:
            database.close()
            raise
        return database

    def restore(self, source: "Path") -> "tuple[Path | None, RestoredMessages | None]":
        """Put a copy in the ledger's place; returns where the former one is kept, and what becomes of messages.

        Raises:
            LedgerError: as `upkeep.restore`.
        """
        from bot.database.backup import restore
        from bot.database.engine import open_database

        kept = restore(source, self.settings.database_path)
        database = open_database(self.settings.database_path)
        try:
            return kept, self._finish_restore(database)
        finally:
            database.close()

    def _finish_restore(self, database: "Database") -> "RestoredMessages | None":
        """See to what the former ledger had posted, once after a restore; nothing where there was none."""
        from bot.database import metadata

        with database.transaction() as connection:
            if (unfinished := metadata.read(connection, metadata.RESTORED)) is None:
                return None
            taken = self._take_over(connection, **json.loads(unfinished))
            metadata.write(connection, metadata.RESTORED, None)
        return taken

    def _take_over(self, connection: "Connection", kept: str, id: str) -> "RestoredMessages":  # noqa: A002 - as the note has it
        from bot.ledger.former import open_former
        from bot.outbox import restore as outbox

        now = self.clock()
        with open_former(Path(kept) if kept else None, connection) as found:
            if found is None:
                return outbox.mark_all_unconfirmed(connection, id, now)
            try:
                with connection.begin_nested():
                    return outbox.adopt(connection, found, self.adopted(connection, found, now), now)
            except Exception:  # noqa: BLE001 - whatever a former ledger holds, perhaps damaged, the copy is to open
                return outbox.mark_all_unconfirmed(connection, id, now)

    @staticmethod
    def adopted(connection: "Connection", former: "FormerLedger", now: "datetime") -> "KeyMapping":
        """Take over what each package knew in the former ledger; returns how its keys read here."""
        from bot.budgets import restore as budgets
        from bot.digest import restore as digests
        from bot.failures import restore as failures
        from bot.incidents import restore as incidents
        from bot.outbox import restore as outbox
        from bot.people import restore as people
        from bot.slack import deduplication
        from bot.spikes import restore as spikes

        deduplication.import_requests(connection, former.rows(deduplication.REQUESTS))
        people.adopt(connection, former)
        return outbox.merge_mappings(
            [
                budgets.adopt(connection, former),
                failures.adopt(connection, former, now),
                incidents.adopt(connection, former),
                spikes.names(former),
                digests.adopt(connection, former, now),
                outbox.KeyMapping({"welcome": outbox.unchanged_key}, {}),
            ]
        )

    def credential(self) -> Mapping[str, str]:
        """The one header that authorises upstream.

        Raises:
            SettingsError: there is none.
        """
        if self.settings.neo_api_key is not None:
            return {"X-Api-Key": self.settings.neo_api_key.reveal()}
        if self.settings.neo_bearer_token is not None:
            return {"Authorization": f"Bearer {self.settings.neo_bearer_token.reveal()}"}
        raise SettingsError(["NEO_API_KEY: it is not set. Make a key in Neo (Settings, API keys) as a team admin."])

    def agenda(self, reader: Reader) -> "SyncPlan":
        """What a sync has to read now."""
        from bot.sync.rules import SyncPlan, planned_passes

        now = self.clock()
        fresh = freshness(reader, now)
        covered = [(from_us(each.start), from_us(each.end)) for each in fresh.stretches]
        days = self.settings.history_days
        tail, *history = planned_passes(now, last_complete=fresh.as_of, covered=covered, history_days=days)
        return SyncPlan(tail, tuple(self._calendar(reader, fresh)), tuple(history))

    def _calendar(self, reader: Reader, fresh: Freshness) -> "Iterator[PlannedPass]":
        """The nightly and the weekly pass, if they are due."""
        from bot.sync.rules import PassKind, PlannedPass, is_nightly_due, is_weekly_due, previous_month

        now, zone = self.clock(), self.settings.timezone
        began = first_pass_start(reader)
        if began is None or fresh.since is None:
            return
        night, week = pass_attempts(reader, PassKind.NIGHTLY), pass_attempts(reader, PassKind.WEEKLY)
        if is_weekly_due(now, began=began, complete=week.complete, tried=week.any):
            yield PlannedPass(PassKind.WEEKLY, from_us(fresh.since) if fresh.since else None, now)
        elif is_nightly_due(now, zone, began=began, complete=night.complete, tried=night.any):
            # what is older than the ledger is history, of which nobody is told
            since = from_us(fresh.since) if fresh.since else None
            start = previous_month(now, zone)
            yield PlannedPass(PassKind.NIGHTLY, start if since is None else max(start, since), now)

    def merge(self, connection: "Connection", old: str, new: str) -> int:
        """Join a renamed e-mail with its tasks, budgets and what was told of them; returns how many charges moved.

        Raises:
            LedgerError: the old e-mail is unknown, or both are one member already.
        """
        from bot.ledger.members import member_ids, merge, stored_email

        row = connection.exec_driver_sql("SELECT id FROM member WHERE email = ?", (stored_email(old),)).first()
        moved = merge(connection, old, new)
        assert row is not None  # noqa: S101 - merging an unknown one has raised
        email = stored_email(new)
        into = member_ids(connection, [email])[email]
        self.watch.join(connection, row[0], into, self.clock())
        self.failures.join(connection, row[0], into)
        return moved

    def reprice(self) -> "RepricingResult":
        """Price the ledger again in the unit that is set.

        Raises:
            LedgerError: there is none.
        """
        from bot.domain.timestamps import to_us
        from bot.ledger.repricing import reprice

        if not self.settings.database_path.is_file():
            raise LedgerError(f"there is no ledger at {self.settings.database_path} yet. Run `neo-usage sync` first.")
        with self.database() as database, database.transaction() as connection:
            done = reprice(connection, self.settings.pricing_unit, to_us(self.clock()))
            self.watch.forget(connection, self.clock())
            for watch in self._spike_watches():
                watch.forget(connection, self.clock())
            return done


def build(
    settings: Settings,
    clock: Clock = system_clock,
    retry_policy: "RetryPolicy | None" = None,
    timing: DeliveryTiming | None = None,
) -> App:
    """The app for these settings.

    `retry_policy` is how long to wait for the upstream, `timing` how long deliveries take; both default to what suits
    people.
    """
    return App(settings, clock, retry_policy, timing or DeliveryTiming())
