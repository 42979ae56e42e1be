"""What must be so after the weeks: the ledger equals Neo, every message is there once, nothing leaked, no false $0."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.outbox.events import event_id
from bot.outbox.rules import NOTHING_TO_SAY
from bot.sandbox.tasks import row
from tests.support.ledgers import broken_laws
from tests.support.reckoning import cost
from tests.support.weeks import HISTORY_DAYS, START, Sample, Weeks

NANO = 10**9
BERLIN = ZoneInfo("Europe/Berlin")
STEPS, TEAM_DAY = (50, 80, 100, 150, 200), 300 * NANO  # of which a step is a share
ALARM = ""  # that the database can't be written, which the ledger knows nothing of
POSTS = ("chat.postMessage", "chat.update", "hook")
WARM = 7  # days after which a process holds what it ever holds
# that it may hold beyond that at the end: what is in flight just then
MORE = {"megabytes": 25.0, "files": 12, "threads": 12, "tasks": 12, "connections": 12}
HOME = "views.publish"
_NO_MONTH = re.compile(r"Team:.{0,20}(?:\$0(?![\d.,])|No Neo spend).{0,40}")
_ZERO = re.compile(r".{0,60}\$0(?:\.0+)?(?![\d.,]).{0,40}")


@dataclass
class Count:
    """Counts what came of some weeks that are over."""

    weeks: Weeks

    async def problems(self) -> list[str]:
        """Return what is not as it must be, a line each."""
        return [
            *self._laws(), *await self._money(), *await self._notifications(), *await self._events(),
            *await self._digests(), *await self._budgets(), *self._answers(), *self._zeros(), *self._leaks(),
        ]  # fmt: skip

    # --- the ledger ----------------------------------------------------------------------------------

    def _laws(self) -> Iterator[str]:
        for law, broken in broken_laws(self.weeks.surroundings.place).items():
            yield f"the ledger breaks a law: {law}: {broken[:3]}"

    async def _money(self) -> list[str]:
        """Each task costs what Neo says, to the nano."""
        wanted = self._wanted()
        rows = await self.weeks.team.rows(
            "SELECT t.task_id, t.platform_nanos IS NULL AND t.provider_nanos IS NULL, t.missing_since,"
            " coalesce(sum(c.platform_nanos + c.provider_nanos), 0)"
            " FROM task t LEFT JOIN charge c ON c.task = t.id GROUP BY t.id, t.task_id"
        )
        found = {name: (None if unknown else int(nanos)) for name, unknown, _, nanos in rows}
        gone = {name for name, _, missing, _ in rows if missing is not None}
        since = START - timedelta(days=HISTORY_DAYS - 1)
        recent = {task.task_id for task in self.weeks.team.neo.world.tasks(self.weeks.team.neo.clock())
                  if task.created_at >= since}  # fmt: skip
        lost = recent - set(found)
        removed = self.weeks.removed
        other = [
            f"{name}: {nanos} nanos, Neo says {wanted[name]}" for name, nanos in found.items()
            if name in wanted and nanos != wanted[name]
        ]  # fmt: skip
        kept = (set(found) & removed) - gone
        return [
            *([f"{len(lost)} tasks are not in the ledger: {sorted(lost)[:3]}"] if lost else []),
            *([f"{len(other)} tasks cost something else than Neo says: {other[:3]}"] if other else []),
            *([f"removed in Neo, and not marked as missing: {sorted(kept)[:3]}"] if kept else []),
        ]

    def _wanted(self) -> Mapping[str, int | None]:
        neo = self.weeks.team.neo
        rows = (row(task) for task in neo.world.tasks(neo.clock()))
        dollars = {str(each["task_id"]): cost(each) for each in rows}
        return {name: None if usd is None else int(usd * NANO) for name, usd in dollars.items()}

    # --- what was sent -------------------------------------------------------------------------------

    async def _notifications(self) -> list[str]:
        """Each notification is visible once."""
        team = self.weeks.team
        visible, sent = team.visible(), set(await team.sent())
        visible.pop(ALARM, None)
        twice = {key: count for key, count in visible.items() if count > 1}
        left = await team.rows(
            "SELECT stem, destination, state, attempts, error FROM notification"
            " WHERE state IN ('pending', 'sending', 'unsure', 'missed')"
        )
        dead = await team.rows(
            "SELECT stem, destination, error FROM notification n WHERE state = 'dead' AND NOT EXISTS"
            " (SELECT 1 FROM notification m WHERE m.stem = n.stem"
            f" AND (m.state = 'sent' OR m.error = '{NOTHING_TO_SAY}'))"
        )
        strange = set(visible) - sent
        lost = {key for key in sent if not key.endswith(":webhook")} - set(visible)
        return [
            *([f"there more than once: {twice}"] if twice else []),
            *([f"lost: {sorted(lost)[:5]}"] if lost else []),
            *([f"not in the ledger: {sorted(strange)[:5]}"] if strange else []),
            *([f"not sent: {left[:5]}"] if left else []),
            *([f"refused, and sent nowhere else: {dead[:5]}"] if dead else []),
        ]

    async def _events(self) -> list[str]:
        """Each event has arrived at the receiver."""
        rows = await self.weeks.team.rows(
            "SELECT stem || ':webhook:' || ledger FROM notification WHERE destination = 'webhook' AND state = 'sent'"
        )
        arrived = {each.id for each in self.weeks.troubles.receiver.deliveries}
        lost = [key for (key,) in rows if event_id(key) not in arrived]
        return [f"events that did not arrive: {lost[:5]}"] if lost else []

    async def _digests(self) -> list[str]:
        """Each day had a digest, or is covered by that of a later one."""
        rows = await self.weeks.team.rows("SELECT since, day, fate FROM digest")
        covered = {
            date.fromisoformat(since) + timedelta(days=number)
            for since, day, _ in rows
            for number in range((date.fromisoformat(day) - date.fromisoformat(since)).days + 1)
        }
        first = START.astimezone(BERLIN).date()
        missing = [first + timedelta(days=each) for each in range(1, self.weeks.days - 1)]
        skipped = [f"{each}" for each in missing if each not in covered]
        return [f"days without a digest: {skipped}, of {sorted(map(tuple, rows))}"] if skipped else []

    async def _budgets(self) -> list[str]:
        """Whoever has passed a step of the team's daily budget was recorded to have."""
        spent: Counter[date] = Counter()
        for at, nanos in await self.weeks.team.rows("SELECT booked_at, platform_nanos + provider_nanos FROM charge"):
            spent[datetime.fromtimestamp(at / 10**6, BERLIN).date()] += int(nanos)
        rows = await self.weeks.team.rows(
            "SELECT period, max(step) FROM crossing WHERE unit = 'day' AND subject = 0 GROUP BY period"
        )
        recorded = {str(period): int(step) for period, step in rows}
        first = START.astimezone(BERLIN).date() + timedelta(days=1)
        unnoticed = {
            str(day): (step, recorded.get(str(day)))
            for day, nanos in sorted(spent.items()) if day >= first
            for step in [max((each for each in STEPS if nanos * 100 >= TEAM_DAY * each), default=0)]
            if step > recorded.get(str(day), 0)
        }  # fmt: skip
        return [f"passed and not noticed (what was passed, what was recorded): {unnoticed}"] if unnoticed else []

    # --- what people saw -----------------------------------------------------------------------------

    def _answers(self) -> Iterator[str]:
        for asked in self.weeks.asked:
            count = self.weeks.answers(asked)
            if count > 1 or (count == 0 and asked.taken and not asked.excused):
                yield f"{asked.person} was answered {count} times: {asked.line}"

    def _zeros(self) -> Iterator[str]:
        """A sum of all or of a day is never nothing: the team spends every day.

        Of a day before a restore it may be: what tasks have cost since the copy is booked when it is read again.
        """
        days = {each.astimezone(BERLIN).date() for each in self.weeks.restored}
        moved = [f"daily budget for {day:%b} {day.day}:" for each in days for day in (each, each - timedelta(days=1))]
        said = Counter(text for text in self._amounts_of_nothing() if not any(each in text for each in moved))
        for text, count in said.most_common(5):
            yield f"nothing was spent, it says {count} times: {text}"

    def _amounts_of_nothing(self) -> Iterator[str]:
        for call in self.weeks.team.slack.log:
            text = json.dumps(call.args)
            if call.method in POSTS:
                yield from (match.group() for match in _ZERO.finditer(text))
            elif call.method == HOME:
                yield from (match.group() for match in _NO_MONTH.finditer(text))
        for each in self.weeks.troubles.receiver.attempts:
            event = json.loads(each.body)
            spend = event["data"].get("spend")
            if spend is not None and Decimal(spend["amount"]) == 0:
                yield f"{event['type']}: {event['data']['summary']}"
        for file in self.weeks.team.slack.workspace.files.values():
            rows = list(csv.DictReader(file.content.decode().splitlines()))
            if sum(Decimal(each["spend_usd"] or 0) for each in rows) == 0:
                yield f"{file.name}: {rows}"

    def _leaks(self) -> Iterator[str]:
        """The process that lived longest holds at the end what it held when it had warmed up."""
        samples = self.weeks.samples
        warm = [each for each in samples if each.day <= samples[0].day + WARM]
        if len(samples) <= WARM:
            return
        last = samples[-1]
        for what, more in MORE.items():
            held = max(_held(each, what) for each in warm)
            if _held(last, what) > held + more:
                yield f"a process holds ever more: {_held(last, what)} {what} after {held}; {samples}"


def _held(sample: Sample, what: str) -> float:
    return float(getattr(sample, what))
