"""The forecast evaluator: alerts of budgets that run out before their month ends, and keeps those messages right.

Alerts go where a budget's steps below its limit go: to direct messages alone.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.audiences import Audience, OperatorAudience, audience_destination
from bot.budgets.crossings.store import SnoozedAudiences
from bot.budgets.forecasts.rules import Outlook, is_news, outlook
from bot.budgets.forecasts.store import StoredAlert, add_alert, open_alerts, set_outlook
from bot.budgets.keys import BudgetTopic, ForecastEventKey, ForecastKey, ForecastTopic
from bot.budgets.limits.store import BudgetIdentity, budget_in_force, limited_members, limits, narrowings_of
from bot.budgets.pace import month_forecasts
from bot.budgets.periods import BudgetPeriod, budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM
from bot.budgets.snoozes.store import snoozed_audiences
from bot.budgets.spend import spends
from bot.domain.forecast import LEAST_DAYS
from bot.domain.periods import Unit, day_start, local_day
from bot.ledger.charge_queries import members_charged_within
from bot.ledger.freshness import freshness
from bot.outbox.destinations import Destination, MemberDestination, OperatorDestination
from bot.outbox.live_store import request_edits
from bot.outbox.queries import empty_destinations
from bot.outbox.store import NewNotification, enqueue, enqueue_again
from bot.outbox.webhook_queue import NewEvent, enqueue_events


@dataclass(frozen=True, slots=True)
class OutlookChange:
    """An outlook that an alert of a budget does not show yet; `alert` is None if there is none of it in that month."""

    subject: int
    label: str
    alert: StoredAlert | None
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class UnsentAlert:
    """An alert that had nothing to say when it was to be sent, or was snoozed there, and is to be sent now."""

    alert: StoredAlert
    destination: Destination


@dataclass(frozen=True, slots=True)
class ForecastEvaluator:
    """Looks for what forecasts mean for the budgets of the present month; it is the timed work of a timer."""

    policy: BudgetPolicy

    def due(self, connection: Connection, now: datetime) -> bool:
        """Return whether `apply_due` would change anything now."""
        return bool(self._changes(connection, now)) or any(self._unsent(connection, now))

    def apply_due(self, connection: Connection, now: datetime) -> None:
        """Store new alerts and changed outlooks, and enqueue the notifications and edits that follow."""
        period = budget_period(Unit.MONTH, now, self.policy.zone)
        for change in self._changes(connection, now):
            if change.alert is None:
                alert = add_alert(connection, change.subject, change.label, now)
                enqueue(connection, [_notification(alert, _destination(alert.subject), period)], now)
                topic = BudgetTopic(alert.subject, Unit.MONTH, alert.label)
                enqueue_events(connection, [NewEvent(ForecastEventKey(alert.id), topic)], now)
            else:
                set_outlook(connection, change.alert, change.outlook)
                request_edits(connection, [ForecastTopic(change.alert.id)])
        for each in self._unsent(connection, now):
            enqueue_again(connection, _notification(each.alert, each.destination, period), now)

    # --- outlooks ----------------------------------------------------------------------------------

    def _changes(self, connection: Connection, now: datetime) -> list[OutlookChange]:
        """Return what alerts do not show yet."""
        alerts = open_alerts(connection)
        narrowings = dict.fromkeys((*narrowings_of(connection, Unit.MONTH), *(each.narrowing for each in alerts)))
        periods = [budget_period(Unit.MONTH, now, self.policy.zone, each) for each in narrowings]
        present = {period.label for period in periods}
        changes = [
            OutlookChange(each.subject, each.label, each, Outlook.ENDED) for each in alerts if each.label not in present
        ]
        if self._has_forecasts(connection, now):
            for period in periods:
                of_period = {each.subject: each for each in alerts if each.label == period.label}
                changes += self._present_changes(connection, period, of_period, now)
        return changes

    def _present_changes(
        self, connection: Connection, period: BudgetPeriod, alerts: Mapping[int, StoredAlert], now: datetime
    ) -> Iterator[OutlookChange]:
        """Yield the changes of the present month; whoever has snoozed a budget is not alerted."""
        snoozed = snoozed_audiences(connection, now)
        for subject, found in self._outlooks(connection, period, alerts, now).items():
            alert = alerts.get(subject)
            is_silenced = alert is None and _is_snoozed(_destination(subject), subject, snoozed)
            if is_news(None if alert is None else alert.outlook, found) and not is_silenced:
                yield OutlookChange(subject, period.label, alert, found)

    def _has_forecasts(self, connection: Connection, now: datetime) -> bool:
        """Return whether there can be any forecast today: not in a month's first days, nor before they were read."""
        today, as_of = local_day(now, self.policy.zone), freshness(connection, now).as_of
        return today.day > LEAST_DAYS and as_of is not None and as_of >= day_start(today, self.policy.zone)

    def _outlooks(
        self, connection: Connection, period: BudgetPeriod, alerted: Collection[int], now: datetime
    ) -> dict[int, Outlook]:
        """Return the outlook of each subject with a limit, and of those that an alert is about."""
        found = dict.fromkeys(alerted, Outlook.NO_LIMIT)
        subjects = dict.fromkeys((*_limited_spenders(connection, period), TEAM, *alerted))
        limit_of = limits(connection, [(subject, period) for subject in subjects], now)
        if not limit_of:
            return found
        spent = spends(connection, limit_of, self.policy.basis)
        limited = [subject for subject, _ in limit_of]
        forecasts = month_forecasts(connection, limited, now, self.policy, period.narrowing)
        for case, limit in limit_of.items():
            forecast = forecasts[case[0]]
            found[case[0]] = outlook(limit.nanos, spent[case], None if forecast is None else forecast.low_nanos)
        return found

    # --- what was not sent -------------------------------------------------------------------------

    def _unsent(self, connection: Connection, now: datetime) -> Iterator[UnsentAlert]:
        """Yield the alerts that hold, for the readers who were not sent them and have no snooze any more."""
        holding = [each for each in open_alerts(connection) if each.outlook is Outlook.RUNS_OUT]
        snoozed = snoozed_audiences(connection, now) if holding else {}
        for alert in holding:
            for destination in empty_destinations(connection, ForecastKey(alert.id)):
                if not _is_snoozed(destination, alert.subject, snoozed):
                    yield UnsentAlert(alert, destination)


def _limited_spenders(connection: Connection, period: BudgetPeriod) -> list[int]:
    """Return the members with charges in a month to whom a limit of its kind may apply."""
    unit, narrowing = period.unit, period.narrowing
    is_default = budget_in_force(connection, BudgetIdentity(DEFAULT, unit, narrowing)) is not None
    limited = () if is_default else {*limited_members(connection, unit, narrowing)}
    if not is_default and not limited:
        return []
    charged = members_charged_within(connection, period.window)
    return charged if is_default else [member for member in charged if member in limited]


def _is_snoozed(destination: Destination, subject: int, snoozed: SnoozedAudiences) -> bool:
    """Return whether whoever reads a destination has snoozed the monthly budget of a subject."""
    audiences = snoozed.get((subject, Unit.MONTH), ())
    match destination:
        case OperatorDestination(user=user):
            return OperatorAudience(user) in audiences
        case MemberDestination():
            return Audience.DM in audiences
        case _:
            return False


def _destination(subject: int) -> Destination:
    """Return where an alert goes: where a budget's steps below its limit go, too."""
    return audience_destination(subject, Audience.DM)


def _notification(alert: StoredAlert, destination: Destination, period: BudgetPeriod) -> NewNotification:
    return NewNotification(ForecastKey(alert.id), destination, ForecastTopic(alert.id), period.window.end)
