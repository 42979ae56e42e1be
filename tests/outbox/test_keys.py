"""Keys are the strings that ledgers and messages hold already, and read back as what they were; garbage is refused."""

from collections.abc import Callable, Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.balance.keys import BalanceKey
from bot.balance.rules import Cause
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
from bot.budgets.periods import UNITS, PeriodName
from bot.digest.keys import DigestCompletedKey, DigestKey, DigestTopic
from bot.domain.keys import LARGEST_ID, DestinationKey, Key, MalformedKeyError, NotificationKey, TopicKey
from bot.domain.periods import Unit
from bot.failures.keys import FailureKey, FailuresKey, FailuresOpenedKey, FailuresResolvedKey, FailuresTopic
from bot.incidents.keys import IncidentEventKey, IncidentKey, IncidentTopic, RecoveredKey, decode_event
from bot.outbox.destinations import (
    AlertDestination,
    ChannelDestination,
    MemberDestination,
    OperatorDestination,
    OperatorsDestination,
    OpsDestination,
    UserDestination,
    WebhookDestination,
    decode_destination,
)
from bot.outbox.keys import AgainKey, MissedKey, NewsKey, StoredKey, StoredTopic
from bot.spikes.keys import SpikeEventKey, SpikeKey
from bot.subscriptions.keys import SubscriptionEndedKey, SubscriptionKey
from bot.usage.keys import WelcomeKey

DAY = date(2026, 3, 2)

# what earlier versions wrote: these strings stand in ledgers, and in the metadata of messages
STORED: Mapping[str, Key] = {
    "member:17": MemberDestination(17),
    "user:U0PRIYA": UserDestination("U0PRIYA"),
    "operators": OperatorsDestination(),
    "operator:U0HANNAH": OperatorDestination("U0HANNAH"),
    "channel:C0NEWS": ChannelDestination("C0NEWS"),
    "channel:#neo-spend": ChannelDestination("#neo-spend"),
    "alert": AlertDestination(),
    "alert:team": AlertDestination(team=True),
    "ops": OpsDestination(),
    "ops:operators": OpsDestination(operators=True),
    "webhook": WebhookDestination(),
    "crossing_event:5": CrossingEventKey(5),
    "forecast_event:6": ForecastEventKey(6),
    "failures_opened:9": FailuresOpenedKey(9),
    "failures_resolved:9": FailuresResolvedKey(9),
    "incident_event:7-2": IncidentEventKey(7, 2),
    "spike_event:17-2026-03-02": SpikeEventKey(17, DAY),
    "digest_complete:webhook:2026-03-02": DigestCompletedKey("webhook", DAY),
    "missed:12": MissedKey(12),
    "news:3-14": NewsKey(3, 14),
    "again:3": AgainKey(3),
    "crossing:5": CrossingKey(5),
    "limit:4-17": LimitKey(4, 17),
    "limit:4-0": LimitKey(4, 0),
    "limit:4-month:2026-03": LimitKey(4, PeriodName(Unit.MONTH, "2026-03")),
    "limit:4-day:2026-03-02": LimitKey(4, PeriodName(Unit.DAY, "2026-03-02")),
    "summary:4": SummaryKey(4),
    "decided:6": DecidedKey(6),
    "budget:17:month:2026-03": BudgetTopic(17, Unit.MONTH, "2026-03"),
    "budget:0:week:2026-W10": BudgetTopic(0, Unit.WEEK, "2026-W10"),
    "budget:1:day:2026-11-24@America/New_York": BudgetTopic(1, Unit.DAY, "2026-11-24@America/New_York"),
    "failure:9": FailureKey(9),
    "spike:17-2026-03-02": SpikeKey(17, DAY),
    "spike:17-2026-03-02@America/Port-au-Prince": SpikeKey(17, DAY, "America/Port-au-Prince"),
    "ops:disk-2026-03-02": IncidentKey("disk", DAY),
    "ops:disk-2026-03-02-America/Port-au-Prince": IncidentKey("disk", DAY, "America/Port-au-Prince"),
    "ops:7-recovered-2026-03-02": RecoveredKey(7, DAY),
    "ops:7-recovered": RecoveredKey(7, None),
    "incident:7-2026-03-02": IncidentTopic(7, DAY),
    "welcome": WelcomeKey(),
    "balance:2-spend-14": BalanceKey(2, Cause.SPEND, 14),
    "subscription:3:2026-03-02": SubscriptionKey(3, DAY),
    "subscription_ended:3": SubscriptionEndedKey(3),
}
# the notification and the live message that it begins are called alike
ALIKE: Mapping[str, tuple[Key, Key]] = {
    "request:6": (RequestKey(6), RequestTopic(6)),
    "forecast:6": (ForecastKey(6), ForecastTopic(6)),
    "failures:9": (FailuresKey(9), FailuresTopic(9)),
    "digest:C0NEWS:2026-03-02": (DigestKey("C0NEWS", DAY), DigestTopic("C0NEWS", DAY)),
    "digest:#neo-spend:2026-03-02": (DigestKey("#neo-spend", DAY), DigestTopic("#neo-spend", DAY)),
}
EVERY = [*STORED.items(), *((text, key) for text, keys in ALIKE.items() for key in keys)]


@pytest.mark.parametrize(("text", "key"), EVERY)
def test_a_key_is_the_string_that_is_stored(text: str, key: Key) -> None:
    assert key.encode() == text
    assert type(key).decode(text) == key


# --- any values ------------------------------------------------------------------------------------

IDS = st.integers(0, LARGEST_ID)
DAYS = st.dates(date(1970, 1, 1))
SLACK_IDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1)
CHANNELS = SLACK_IDS | st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1).map("#{}".format)
ZONES = st.sampled_from(["", "UTC", "Europe/Berlin", "America/Port-au-Prince", "Etc/GMT-5"])
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1)


@st.composite
def _labels(draw: st.DrawFn) -> tuple[Unit, str]:
    unit = draw(st.sampled_from(UNITS))
    zone = draw(ZONES)
    label = unit.label(unit.first_day(draw(DAYS)))
    return unit, f"{label}@{zone}" if zone else label


ANY: Mapping[type[Key], st.SearchStrategy[Key]] = {
    MemberDestination: st.builds(MemberDestination, IDS),
    UserDestination: st.builds(UserDestination, SLACK_IDS),
    OperatorsDestination: st.builds(OperatorsDestination),
    OperatorDestination: st.builds(OperatorDestination, SLACK_IDS),
    ChannelDestination: st.builds(ChannelDestination, CHANNELS),
    AlertDestination: st.builds(AlertDestination, team=st.booleans()),
    OpsDestination: st.builds(OpsDestination, operators=st.booleans()),
    WebhookDestination: st.builds(WebhookDestination),
    CrossingEventKey: st.builds(CrossingEventKey, IDS),
    ForecastEventKey: st.builds(ForecastEventKey, IDS),
    FailuresOpenedKey: st.builds(FailuresOpenedKey, IDS),
    FailuresResolvedKey: st.builds(FailuresResolvedKey, IDS),
    IncidentEventKey: st.builds(IncidentEventKey, IDS, IDS),
    DigestCompletedKey: st.builds(DigestCompletedKey, CHANNELS, DAYS),
    MissedKey: st.builds(MissedKey, IDS),
    NewsKey: st.builds(NewsKey, IDS, IDS),
    AgainKey: st.builds(AgainKey, IDS),
    StoredKey: st.builds(StoredKey, st.text()),
    StoredTopic: st.builds(StoredTopic, st.text()),
    CrossingKey: st.builds(CrossingKey, IDS),
    LimitKey: st.builds(LimitKey, IDS, IDS | _labels().map(lambda each: PeriodName(*each))),
    SummaryKey: st.builds(SummaryKey, IDS),
    RequestKey: st.builds(RequestKey, IDS),
    DecidedKey: st.builds(DecidedKey, IDS),
    BudgetTopic: st.tuples(IDS, _labels()).map(lambda each: BudgetTopic(each[0], *each[1])),
    RequestTopic: st.builds(RequestTopic, IDS),
    FailuresKey: st.builds(FailuresKey, IDS),
    FailureKey: st.builds(FailureKey, IDS),
    FailuresTopic: st.builds(FailuresTopic, IDS),
    SpikeKey: st.builds(SpikeKey, IDS, DAYS, ZONES),
    IncidentKey: st.builds(IncidentKey, NAMES, DAYS, ZONES),
    RecoveredKey: st.builds(RecoveredKey, IDS, st.none() | DAYS),
    IncidentTopic: st.builds(IncidentTopic, IDS, DAYS),
    DigestKey: st.builds(DigestKey, CHANNELS, DAYS),
    DigestTopic: st.builds(DigestTopic, CHANNELS, DAYS),
    WelcomeKey: st.builds(WelcomeKey),
    BalanceKey: st.builds(BalanceKey, IDS, st.sampled_from(Cause), IDS),
    ForecastKey: st.builds(ForecastKey, IDS),
    ForecastTopic: st.builds(ForecastTopic, IDS),
    SubscriptionKey: st.builds(SubscriptionKey, IDS, DAYS),
    SubscriptionEndedKey: st.builds(SubscriptionEndedKey, IDS),
}


def test_every_key_class_is_looked_at() -> None:
    bases = (NotificationKey, TopicKey, DestinationKey)
    declared = {_name(each) for base in bases for each in base.__subclasses__()}
    assert {name for name in declared if name.startswith("bot.")} == set(map(_name, ANY))


def _name(key: type[Key]) -> str:
    # a dataclass with slots leaves the class behind that it was made of
    return f"{key.__module__}.{key.__name__}"


@given(st.one_of(*ANY.values()))
def test_a_key_reads_back_as_what_it_was(key: Key) -> None:
    assert type(key).decode(key.encode()) == key


@given(st.one_of(*(ANY[each] for each in ANY if issubclass(each, DestinationKey))))
def test_a_destination_is_known_by_its_string(key: Key) -> None:
    assert decode_destination(key.encode()) == key


@given(ANY[IncidentKey] | ANY[RecoveredKey])
def test_it_is_known_whether_an_incident_began_or_is_over(key: Key) -> None:
    assert decode_event(key.encode()) == key


# --- garbage ---------------------------------------------------------------------------------------

GARBAGE = (
    "", ":", "x", "x:1", "member", "member:", "member:ana", "member:-1", "member:1:2", "user", "user:", "operators:",
    "operators:U1", "operator:", "channel:", "alert:", "alert:teams", "ops:", "ops:operator", "missed:", "missed:x",
    "news:1", "news:1-", "news:1-x", "news:1-2-3", "again:", "again:x", "crossing:", "crossing:x", "crossing:1:2",
    "limit:", "limit:1", "limit:1-", "limit:x-1", "summary:x", "request:", "request:x", "decided:x", "budget:1",
    "budget:1:month", "budget:1:month:", "budget:x:month:2026-03", "budget:1:quarter:2026-Q1", "failures:",
    "failure:x", "failures:1:2", "spike:1", "spike:1-", "spike:1-yesterday", "spike:x-2026-03-02", "spike:1-20260302",
    "ops:disk", "ops:disk-", "ops:disk-2026-03", "ops:disk-2026-03-02x", "ops:-2026-03-02", "ops:7", "ops:7-gone",
    "ops:7-recovered-", "ops:7-recovered-x", "incident:7", "incident:x-2026-03-02", "incident:7-2026-13-02",
    "digest:C1", "digest:C1:", "digest::2026-03-02", "digest:C1:2026-W10-1", "subscription:3",
    "subscription:3:", "subscription:x:2026-03-02", "subscription:3:2026-3-2", "subscription_ended:",
    "subscription_ended:x", "welcome:", "welcome:1", "member:\u0661",
    f"member:{LARGEST_ID + 1}", f"crossing:{2**63}", f"limit:1-{'9' * 30}", f"request:{'9' * 5_000}",
    "budget:1:month:x", "budget:1:week:2026-03", "budget:1:day:2026-03-02@../x",
)  # fmt: skip


DECODERS: list[Callable[[str], Key]] = [
    decode_destination,
    decode_event,
    *(each.decode for each in ANY if each not in {StoredKey, StoredTopic}),
]


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_is_no_key(text: str) -> None:
    for decode in DECODERS:
        with pytest.raises(MalformedKeyError):
            decode(text)


@pytest.mark.parametrize(("text", "key"), EVERY)
def test_a_key_of_another_kind_is_no_key(text: str, key: Key) -> None:
    others = [each for each in ANY if each.kind not in {key.kind, "*"}]
    assert others
    for each in others:
        with pytest.raises(MalformedKeyError):
            each.decode(text)


# --- what keys say of themselves -------------------------------------------------------------------


def test_keys_that_name_a_date_or_nothing_are_the_same_in_every_ledger() -> None:
    same = {each for each in ANY if issubclass(each, NotificationKey) and each.is_ledger_independent}
    assert same == {WelcomeKey, DigestKey, DigestCompletedKey, IncidentKey, BalanceKey}


@given(IDS, IDS, DAYS, ZONES)
def test_a_members_spikes_are_a_range_of_keys(member: int, other: int, day: date, zone: str) -> None:
    keys, key = SpikeKey.of_member(member), SpikeKey(other, day, zone).encode()
    assert (keys.low <= key < keys.high) == (other == member)


@given(NAMES, NAMES, DAYS, ZONES)
def test_an_incidents_alarms_are_a_range_of_keys(name: str, other: str, day: date, zone: str) -> None:
    keys, key = IncidentKey.of_name(name), IncidentKey(other, day, zone).encode()
    assert (keys.low <= key < keys.high) == (other == name)


def test_a_topic_takes_the_zone_of_its_period_and_gives_it_back() -> None:
    topic = BudgetTopic(1, Unit.DAY, "2026-11-24")
    aside = topic.of_zone("America/New_York")
    assert aside.encode() == "budget:1:day:2026-11-24@America/New_York"
    assert (aside.zone, topic.zone) == ("America/New_York", "")
    assert aside.of_zone("") == topic
