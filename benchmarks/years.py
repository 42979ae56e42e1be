"""Years: what a ledger and its outbox hold after a team has lived with the bot for long, by plain SQL."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain.timestamps import to_us

DAY = timedelta(days=1)
_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Years:
    """A life of `days` that ended at `end`, in which `emails` had so many `tasks` and a pass began every `poll`.

    The last task was created `idle` before the end. All is over: nothing is owed, open, or in force.
    """

    end: datetime
    emails: Sequence[str]
    channel: str
    tasks: int = 30_000
    poll: timedelta = timedelta(minutes=30)
    days: int = 3 * 365
    idle: timedelta = 4 * DAY

    @property
    def parameters(self) -> dict[str, int | str]:
        """What the statements are given."""
        first = to_us(self.end - self.days * DAY)
        return {
            "first": first, "end": to_us(self.end), "days": self.days, "tasks": self.tasks,
            "step": (self.days * DAY - self.idle) // self.tasks // _US,
            "members": len(self.emails), "emails": json.dumps(list(self.emails)),
            "passes": self.days * DAY // self.poll, "poll": self.poll // _US,
            "channel": self.channel,
        }  # fmt: skip


def live(path: Path, years: Years) -> None:
    """Fill an empty ledger with what those years have left in it."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for sql in _STEPS:
            connection.execute(sql, years.parameters)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _numbers(most: str) -> str:
    return f"WITH RECURSIVE one (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < {most})"


_DAY_OF = "date((:first + n * 86400000000) / 1000000, 'unixepoch')"
_COUNTS = "pages, tasks, new, grown, restated, quarantined"

_STEPS = (
    "INSERT INTO member (email) SELECT value FROM json_each(:emails)",
    f"""INSERT INTO task (id, task_id, member, model, status, created_at, platform_nanos, provider_nanos, neo_credits,
      is_byok, mixed, by_unit, restated, cost_withdrawn, stream_count, step_count, tool_calls, agent_triggers,
      total_execution_ms, first_seen_at, changed_at, fingerprint)
    {_numbers(":tasks")}
    SELECT n, printf('old-%08x', n), 1 + n % :members, 'model-' || (n % 20), iif(n % 10 = 0, 'error', 'completed'),
      :first + (n - 1) * :step, 1000000000, 0, '0.1', 0, 0, 0, 0, 0, 1 + (n % 10 = 3), 5, 5, 1, 60000,
      :first + n * :step, :first + n * :step, n * 2654435761 FROM one""",
    """INSERT INTO task_detail (task, title, error_message)
    SELECT id, 'Recon of host ' || id, iif(status = 'error', 'the vault is sealed, says host ' || id, NULL)
    FROM task""",
    """INSERT INTO charge (task, member, platform_nanos, provider_nanos, booked_at, observed_at, kind)
    SELECT id, member, platform_nanos, 0, created_at, first_seen_at, 'first' FROM task ORDER BY id""",
    """INSERT INTO charge_quarter (start, platform_nanos, provider_nanos)
    SELECT booked_at - booked_at % 900000000, sum(platform_nanos), 0 FROM charge GROUP BY 1""",
    "INSERT INTO seen (kind, value) SELECT DISTINCT 'model', model FROM task",
    "INSERT INTO seen (kind, value) SELECT DISTINCT 'status', status FROM task",
    # one pass in a hundred failed, and every night has one of its own
    f"""INSERT INTO pass (kind, window_from, window_to, started_at, finished_at, complete, error, {_COUNTS})
    {_numbers(":passes")}
    SELECT iif(n % 48 = 7, iif(n % 336 = 7, 'weekly', 'nightly'), 'tail'), :first + n * :poll - 259200000000,
      :first + n * :poll, :first + n * :poll, :first + n * :poll + 1000000, n % 100 <> 50,
      iif(n % 100 = 50, 'Neo did not answer', NULL), 1, 3, 1, 0, 0, 0 FROM one""",
    "INSERT INTO coverage (covered_from, covered_to) VALUES (0, :end)",
    "INSERT INTO note (key, value) VALUES ('byok_unit', 'credits')",
    # --- failures: a group a kind and day, each with a message of its own
    f"""INSERT INTO failure_kind (id, mark, status, model) {_numbers("20")}
    SELECT n, n, 'error', 'model-' || (n - 1) FROM one""",
    f"""INSERT INTO failure_group (id, kind, state, opened_at, last_at, last_pass, closed_at, first)
    {_numbers("10 * :days")}
    SELECT n, 1 + n % 20, 'told', :first + n / 10 * 86400000000, :first + n / 10 * 86400000000, 1,
      :first + (1 + n / 10) * 86400000000, n FROM one""",
    """INSERT INTO failure (task, past, kind, grp, failed_at, streams)
    SELECT id, 0, 1 + id / 10 % 20, 1 + id % (10 * :days), created_at, 1 FROM task WHERE status = 'error'""",
    # --- budgets: every member passes three steps every day; all of them were removed in the end
    "INSERT INTO budget (scope, unit, revision) SELECT id, 'day', id FROM member",
    """INSERT INTO budget_revision (id, budget, limit_nanos, set_at, set_by)
    SELECT id, id, iif(id <= :members, NULL, 100000000000), :first, 'terminal' FROM budget""",
    f"""INSERT INTO crossing (subject, unit, period, revision, step, limit_nanos, spend_nanos, crossed_at, last_charge,
      late, decision)
    {_numbers(":days - 1")}
    SELECT m.id, 'day', {_DAY_OF}, m.id, s.value, 10000000000, 9000000000, :first + n * 86400000000, n, 0, 'TOLD'
    FROM one CROSS JOIN member m CROSS JOIN json_each('[50,80,100]') s ORDER BY n, m.id, s.value""",
    """INSERT INTO deferral (crossing, audience, outcome) SELECT id, 'dm', 'LOWER' FROM crossing WHERE step = 50""",
    """INSERT INTO acknowledgement (subject, unit, period, by, at)
    SELECT subject, unit, period, 'U0OLD', crossed_at FROM crossing WHERE step = 100""",
    f"""INSERT INTO budget_request (member, unit, limit_nanos, asked_by, asked_at, state, decided_by, decided_at)
    {_numbers(":days")}
    SELECT 1 + n % :members, 'month', 1, 'U0OLD', :first + n * 86400000000, 'approved', 'U0OLD',
      :first + n * 86400000000 FROM one""",
    f"""INSERT INTO failure_silence (what, value, until, set_by, set_at) {_numbers("100")}
    SELECT 'model', 'gone-' || n, :first, 'U0OLD', :first FROM one""",
    # --- digests in two channels, incidents, viewers, links
    f"""INSERT INTO digest (channel, day, fate, since, decided_at, last_charge, begins, complete)
    {_numbers(":days - 1")}
    SELECT c.value, {_DAY_OF}, 'owed', {_DAY_OF}, :first + n * 86400000000, n * :tasks / :days, 0, n % 50 <> 1
    FROM one CROSS JOIN json_each(json_array(:channel, 'C0OLD')) c""",
    f"""INSERT INTO incident (name, said, began_at, told_on, ended_at) {_numbers(":days")}
    SELECT iif(n % 2, 'upstream', 'dead'), 'it was wrong', :first + n * 86400000000, {_DAY_OF},
      :first + n * 86400000000 + 1 FROM one""",
    f"""INSERT INTO home_viewer (slack_user, opened_at, drawn_at, looks) {_numbers("500")}
    SELECT 'U0OLD' || n, :first, :first, 'x' FROM one""",
    f"""INSERT INTO slack_link_change (changed_at, changed_by, slack_user) {_numbers("500")}
    SELECT :first, 'terminal', 'U0OLD' || n FROM one""",
    # --- the outbox: the messages of all that
    """INSERT INTO living (thing, destination, channel, ts, wanted, shown, editable, reposted)
    SELECT 'budget:' || subject || ':day:' || period, 'alert', :channel, printf('1000000000.%06d', id), 3, 3, 1, 0
    FROM crossing WHERE step = 50 ORDER BY id""",
    """INSERT INTO living (thing, destination, channel, ts, wanted, shown, editable, reposted)
    SELECT 'failures:' || id, 'alert', :channel, printf('1000000001.%06d', id), 2, 2, 1, 0 FROM failure_group""",
    """INSERT INTO notification (stem, destination, living, state, created_at, next_at, owed_until, attempts, checks,
      claimed_at, channel, ts, settled_at)
    SELECT 'crossing:' || x.id, 'alert', l.id, iif(x.id % 200 = 0, 'dead', 'sent'), x.crossed_at, x.crossed_at,
      x.crossed_at, 1, 0, x.crossed_at, :channel, printf('1000000000.%06d', x.id), x.crossed_at
    FROM crossing x JOIN living l ON l.thing = 'budget:' || x.subject || ':day:' || x.period ORDER BY x.id""",
    """INSERT INTO notification (stem, destination, living, state, created_at, next_at, attempts, checks, claimed_at,
      channel, ts, settled_at)
    SELECT 'failures:' || g.id, 'alert', l.id, 'sent', g.opened_at, g.opened_at, 1, 0, g.opened_at, :channel,
      l.ts, g.opened_at FROM failure_group g JOIN living l ON l.thing = 'failures:' || g.id ORDER BY g.id""",
    """INSERT INTO notification (stem, destination, state, created_at, next_at, attempts, checks, claimed_at, channel,
      ts, settled_at)
    SELECT 'digest:' || channel || ':' || day, 'channel:' || channel, 'sent', decided_at, decided_at, 1, 0, decided_at,
      channel, '1000000002.000001', decided_at FROM digest ORDER BY decided_at""",
    # a summary of ten that became too old, every tenth day
    f"""INSERT INTO notification (stem, destination, state, created_at, next_at, attempts, checks, channel, ts,
      settled_at)
    {_numbers(":days / 10")}
    SELECT 'missed:-' || n, 'alert', 'sent', :first + n * 864000000000, :first, 1, 0, :channel, '1000000003.000001',
      :first + n * 864000000000 FROM one""",
    """INSERT INTO notification (stem, destination, state, created_at, next_at, attempts, checks, settled_at,
      covered_by)
    SELECT 'spike:' || m.id || '-' || date(n.settled_at / 1000000, 'unixepoch'), 'alert', 'missed', n.created_at,
      n.created_at, 0, 0, n.settled_at, n.id FROM notification n CROSS JOIN member m WHERE n.stem LIKE 'missed:%'""",
)
