"""The store of subscriptions: numbers that are never given again, and what is pruned."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Connection

from bot.domain.access import RefusedError
from bot.outbox.destinations import ChannelDestination, UserDestination
from bot.subscriptions import store
from bot.subscriptions.schedule import Frequency, Schedule
from bot.subscriptions.store import MOST, RETAIN, EndReason, NewSubscription

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def new(owner: str, question: str = "team 7d") -> NewSubscription:
    return NewSubscription(owner, ChannelDestination("C0NEWS"), question, Schedule(Frequency.MONDAY))


def test_it_reads_back_as_what_it_was(connection: Connection) -> None:
    schedule = Schedule(Frequency.MONTH, time(17, 5))
    added = store.add(connection, NewSubscription("U1", UserDestination("U2"), "", schedule), NOW)
    assert store.subscription_of_id(connection, added.id) == added
    assert store.active_subscriptions(connection) == store.active_subscriptions(connection, "U1") == [added]
    assert (added.number, added.reader, added.created_at, added.is_active) == (1, "U2", NOW, True)
    assert store.set_last_day(connection, added.id, date(2026, 3, 1))
    assert store.end(connection, added.id, EndReason.REMOVED, "U1", NOW)
    ended = store.subscription_of_id(connection, added.id)
    assert ended is not None
    assert (ended.is_active, ended.end_reason, ended.ended_by) == (False, EndReason.REMOVED, "U1")
    assert ended.last_day == "2026-03-01"
    assert store.active_subscriptions(connection) == []
    assert not store.end(connection, added.id, EndReason.CHANNEL, None, NOW)
    assert not store.set_last_day(connection, added.id, date(2026, 3, 2))
    assert store.subscription_of_id(connection, added.id + 1) is None


def test_an_owner_has_so_many_and_each_once(connection: Connection) -> None:
    for number in range(MOST):
        assert store.add(connection, new("U1", f"{number + 1}d"), NOW).number == number + 1
    with pytest.raises(RefusedError, match="You have 20 subscriptions"):
        store.add(connection, new("U1"), NOW)
    with pytest.raises(RefusedError, match="it is your subscription 7"):
        store.add(connection, new("U1", "7d"), NOW)
    assert store.add(connection, new("U2"), NOW).number == 1


def test_what_ended_long_ago_is_pruned_but_no_number_or_id_is_given_again(connection: Connection) -> None:
    added = [store.add(connection, new(owner, f"{days}d"), NOW) for owner in ("U1", "U2") for days in (1, 2, 3)]
    for each in added:
        store.end(connection, each.id, EndReason.REMOVED, None, NOW)
    assert store.prune(connection, NOW + RETAIN) == 0
    assert store.prune(connection, NOW + RETAIN + DAY) == 4
    assert store.prune(connection, NOW + RETAIN + DAY) == 0
    again = store.add(connection, new("U1"), NOW)
    assert again.number == 4
    assert again.id > max(each.id for each in added)


def test_what_is_active_is_never_pruned(connection: Connection) -> None:
    kept = [store.add(connection, new("U1", f"{days}d"), NOW) for days in (1, 2, 3)]
    assert store.prune(connection, NOW + 1000 * DAY) == 0
    assert store.active_subscriptions(connection) == kept
