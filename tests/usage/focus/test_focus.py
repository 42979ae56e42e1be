"""The FOCUS export: its sums are the report's, and its columns keep the rules that FOCUS 1.2 publishes for them."""

import asyncio
import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from pathlib import Path
from subprocess import CompletedProcess
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import App
from bot.cli.output import new_file
from bot.domain.formatting import utc
from bot.domain.periods import Unit, Window, local_day, period
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, to_us
from bot.ledger.charge_list import ListedCharge
from bot.ledger.rules import EntryKind
from bot.maintenance.persons import erase_person
from bot.people.person import find_person
from bot.sandbox.clock import SimClock
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from bot.usage.focus.export import FocusFile
from bot.usage.focus.lines import Line, lines_by_charge, lines_by_day
from tests.support.app import report_of
from tests.support.command import run_command
from tests.support.docs import ROOT, section
from tests.support.engines import execute, url_of
from tests.support.fixtures import Wire
from tests.support.worlds import MARCUS, PRIYA, add

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOSTILE = '=HYPERLINK("https://evil.example")@acme.example'
MONTH = f"{START:%Y-%m}"
WRONG_USE = 2

# FOCUS 1.2, the feature level Mandatory: present in every file
MANDATORY = {
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart",
    "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit",
    "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
}  # fmt: skip
DECIMAL, PRICE = re.compile(r"-?\d+\.\d+"), re.compile(r"\d+\.\d+")  # with a point: readers tell them by it
MOMENT, CURRENCY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), re.compile(r"[A-Z]{3}")
TEXT = re.compile(r"\S(.*\S)?", re.DOTALL)  # without spaces around it


class Null(Enum):
    """Whether a column may be null."""

    NEVER = "never"
    BUT_FOR_USE = "always, unless the charge is one for usage, where it must not be"
    PERHAPS = "as other columns are"


@dataclass(frozen=True)
class Rule:
    """What FOCUS 1.2 asks of the values of a column; those that are allowed, if not all are."""

    form: re.Pattern[str] = TEXT
    null: Null = Null.NEVER
    allowed: frozenset[str] = frozenset()


OF_USE = Rule(PRICE, Null.BUT_FOR_USE)
RULES = {
    **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), Rule(DECIMAL)),
    **dict.fromkeys(("BillingAccountId", "BillingAccountName", "ChargeDescription"), Rule()),
    "BillingCurrency": Rule(CURRENCY),
    **dict.fromkeys(("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"), Rule(MOMENT)),
    "ChargeCategory": Rule(allowed=frozenset({"Usage", "Purchase", "Tax", "Credit", "Adjustment"})),
    "ChargeClass": Rule(null=Null.PERHAPS, allowed=frozenset({"Correction"})),
    "ChargeFrequency": Rule(allowed=frozenset({"One-Time", "Recurring", "Usage-Based"})),
    **dict.fromkeys(("ConsumedQuantity", "PricingQuantity"), Rule(DECIMAL, Null.BUT_FOR_USE)),
    **dict.fromkeys(("ConsumedUnit", "PricingUnit", "SkuId", "SkuPriceId"), Rule(null=Null.BUT_FOR_USE)),
    **dict.fromkeys(("ContractedUnitPrice", "ListUnitPrice"), OF_USE),
    **dict.fromkeys(("PricingCurrencyContractedUnitPrice", "PricingCurrencyListUnitPrice"), OF_USE),
    "InvoiceId": Rule(null=Null.PERHAPS),
    **dict.fromkeys(("InvoiceIssuerName", "ProviderName", "PublisherName", "ServiceName"), Rule()),
    "PricingCategory": Rule(
        null=Null.BUT_FOR_USE, allowed=frozenset({"Standard", "Dynamic", "Committed", "Other"})
    ),
    "PricingCurrency": Rule(),  # a national currency's code, or the name of a virtual one
    "PricingCurrencyEffectiveCost": Rule(DECIMAL),
    **dict.fromkeys(("ResourceId", "ResourceType"), Rule(null=Null.PERHAPS)),
    "ServiceCategory": Rule(allowed=frozenset({"AI and Machine Learning"})),  # of many
    "ServiceSubcategory": Rule(  # of that category
        allowed=frozenset(
            {
                "AI Platforms", "Bots", "Generative AI", "Machine Learning", "Natural Language Processing",
                "Other (AI and Machine Learning)",
            }
        )
    ),
    **dict.fromkeys(("SubAccountId", "SubAccountName", "SubAccountType"), Rule()),
}  # fmt: skip
TOGETHER = (  # null where the other is
    ("PricingQuantity", "PricingUnit"), ("ConsumedQuantity", "ConsumedUnit"), ("ResourceId", "ResourceType"),
    ("SubAccountId", "SubAccountType"), ("SkuPriceId", "SkuId"),
)  # fmt: skip
OFFERS = {("ProjectDiscovery", "Neo credits", "Credits", "10.00"), ("Model provider", "USD", "USD", "1.00")}
"""To whom it is owed, in which currency it is priced, by which unit, and what that costs in the billing currency."""

ZONES = ("UTC", "Europe/Berlin", "Pacific/Apia", "America/New_York", "Australia/Lord_Howe")
MONTHS = ((2026, 2), (2026, 3), (2026, 10), (2026, 11), (2024, 2))  # of 28 and 29 days, and in which clocks change
LinesOf = Callable[[list[ListedCharge], Window, tzinfo, SpendBasis], Iterable[Line]]
NANOS = st.integers(-(10**12), 10**12)
PLACES = st.integers(0, 10**6 - 1)  # millionths of a month
CHARGED = st.lists(st.tuples(PLACES, NANOS, NANOS, st.sampled_from(EntryKind), st.integers(0, 3)), max_size=6)
NAMES = (PRIYA, HOSTILE, "-1+1@acme.example", "unattributed")
TASKS = (("a", "opus"), ("b", ""), ("=1+1", "@SUM(A1)"), ("c", "a\nb"))


def charge(window: Window, place: int, platform: int, provider: int, kind: EntryKind, number: int) -> ListedCharge:
    """A charge that was booked in a window, of a task that began up to 20 days before."""
    start, end = to_us(window.start), to_us(window.end)
    booked_at = from_us(start + (end - start) * place // 10**6)
    created_at = booked_at - 20 * number * DAY / 3
    return ListedCharge(booked_at, platform, provider, kind, *TASKS[number], created_at, NAMES[number])


Row = Mapping[str, str]
Export = Callable[..., CompletedProcess[str]]


def rows_of(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text)))


def summed(rows: list[Row], column: str = "BilledCost") -> Decimal:
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "hers", "3.1234567891", email=PRIYA, model="opus")
    add(world, "hers-too", "1", email=PRIYA, begun=START - 4 * HOUR)
    add(world, "his", None, email=MARCUS, llm_cost=Decimal("0.7"), neo_cost=Decimal("0.2"), is_byok=True)
    add(world, "formula", "0.5", email=HOSTILE)
    add(world, "nobodys", "0.25", email=None)
    add(world, "unknown", None, email=PRIYA)
    return world


@pytest.fixture
def ledger(wire: Wire) -> App:
    """An app whose ledger has read everything."""
    app = wire(BYOK_UNIT="credits", TIMEZONE="Europe/Berlin")
    asyncio.run(app.sync(full=True, progress=lambda _: None, on_wait=lambda _: None))
    return app


@pytest.fixture
def export(ledger: App, place: DatabasePlace, tmp_path: Path) -> Export:
    assert ledger.settings.database == place
    environment = {**os.environ, "DATABASE_URL": url_of(place), "BYOK_UNIT": "credits", "TIMEZONE": "Europe/Berlin"}

    def run(*words: str, **settings: str) -> CompletedProcess[str]:
        line = ("export", "--focus", "--month", MONTH, *words)
        return run_command(line, environment | settings, tmp_path)

    return run


# --- sums ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["day", "charge"])
@pytest.mark.parametrize("basis", ["total", "platform"])
def test_the_rows_sum_to_the_report(export: Export, ledger: App, by: str, basis: str) -> None:
    printed = export("--by", by, SPEND_BASIS=basis)
    rows = rows_of(printed.stdout)
    assert printed.stderr.startswith("1 task with unknown cost not included.\nData as of "), printed.stderr
    total = report_of(ledger, MONTH).total
    nanos = total.platform_nanos + (total.provider_nanos if basis == "total" else 0)
    assert summed(rows) == Decimal(nanos) / 10**9 > 0
    assert (
        summed([row for row in rows if row["ProviderName"] == "ProjectDiscovery"])
        == Decimal(total.platform_nanos) / 10**9
    )


def test_a_row_is_a_day_and_member_or_a_charge(export: Export) -> None:
    days, charges = rows_of(export().stdout), rows_of(export("--by", "charge").stdout)
    (hers,) = [row for row in days if row["SubAccountId"] == PRIYA]
    assert (hers["x_Tasks"], hers["ResourceId"], hers["x_Model"]) == ("2", "", "")
    assert {row["ResourceId"] for row in charges if row["SubAccountId"] == PRIYA} == {"hers", "hers-too"}
    (opus,) = [row for row in charges if row["ResourceId"] == "hers"]
    assert (opus["x_Model"], opus["PricingQuantity"], opus["BilledCost"]) == ("opus", "3.1234567891", "31.234567891")
    his = {row["ProviderName"]: row["BilledCost"] for row in days if row["SubAccountId"] == MARCUS}
    assert his == {"ProjectDiscovery": "2.000000000", "Model provider": "7.000000000"}
    assert {row["SubAccountId"] for row in days} == {PRIYA, MARCUS, f"'{HOSTILE.lower()}", "unattributed"}


def test_what_neo_lowers_is_an_adjustment(ledger: App, export: Export, world: World, clock: SimClock) -> None:
    clock.advance(DAY)
    world.restate("hers-too", Decimal("0.4"))
    asyncio.run(ledger.sync(full=True, progress=lambda _: None, on_wait=lambda _: None))
    (lowered,) = [row for row in rows_of(export().stdout) if row["ChargeCategory"] == "Adjustment"]
    assert (lowered["BilledCost"], lowered["PricingQuantity"], lowered["ChargeClass"]) == ("-6.000000000", "", "")
    assert lowered["PricingCurrencyEffectiveCost"] == "-0.60"


def test_an_erased_member_spends_on_without_a_name(ledger: App, export: Export) -> None:
    before = summed(rows_of(export().stdout))
    with ledger.ledger.database() as database, database.transaction() as connection:
        person = find_person(connection, PRIYA, ())
        erase_person(connection, ledger.capabilities(database), person, ledger.clock())
    rows = rows_of(export().stdout)
    assert summed(rows) == before
    assert {row["SubAccountId"] for row in rows} == {
        "removed member", MARCUS, f"'{HOSTILE.lower()}", "unattributed"
    }  # fmt: skip
    assert "priya" not in export("--by", "charge").stdout


def test_a_month_without_spend_is_a_header(export: Export) -> None:
    first = START.replace(day=1) - DAY
    words = ("--month", f"{first:%Y-%m}", "none.csv")
    assert export(*words).stdout == "Wrote 0 rows to none.csv: $0.00.\n"


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["day", "charge"])
def test_every_column_keeps_its_rules(export: Export, by: str) -> None:
    rows = rows_of(export("--by", by).stdout)
    assert rows
    assert set(rows[0]) >= MANDATORY
    assert {name for name in rows[0] if not name.startswith("x_")} == RULES.keys()
    for row in rows:
        check_columns(row)
        check_relations(row)


def check_columns(row: Row) -> None:
    """Each column keeps its rule."""
    wrong = {name: row[name] for name, rule in RULES.items() if not keeps(rule, row, row[name])}
    assert wrong == {}
    assert {name for name in row if not re.fullmatch(r"[A-Z][A-Za-z]*|x_[A-Z][A-Za-z]*", name)} == set()


def keeps(rule: Rule, row: Row, value: str) -> bool:
    if not value:
        return rule.null is Null.PERHAPS or (rule.null is Null.BUT_FOR_USE and row["ChargeCategory"] != "Usage")
    if rule.null is Null.BUT_FOR_USE and row["ChargeCategory"] != "Usage":
        return False
    return bool(rule.form.fullmatch(value)) and (not rule.allowed or value in rule.allowed)


def check_relations(row: Row) -> None:
    """A cost is its price times the quantity, in either currency; a charge lies in its billing period."""
    assert [pair for pair in TOGETHER if bool(row[pair[0]]) != bool(row[pair[1]])] == []
    offer = tuple(row[name] for name in ("ProviderName", "PricingCurrency", "PricingUnit", "ListUnitPrice"))
    assert offer in (OFFERS if row["ChargeCategory"] == "Usage" else {(*each[:2], "", "") for each in OFFERS})
    if row["ChargeCategory"] == "Usage":
        assert row["ChargeClass"] == ""
        assert row["SkuPriceId"] == row["SkuId"]
        quantity = Decimal(row["PricingQuantity"])
        assert quantity * Decimal(row["ListUnitPrice"]) == Decimal(row["ListCost"])
        assert quantity * Decimal(row["ContractedUnitPrice"]) == Decimal(row["ContractedCost"])
        assert quantity * Decimal(row["PricingCurrencyListUnitPrice"]) == Decimal(row["PricingCurrencyEffectiveCost"])
    start, end, first, last = (
        datetime.fromisoformat(row[name])
        for name in ("ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "BillingPeriodEnd")
    )
    assert first <= start < end <= last


@pytest.mark.slow
@pytest.mark.parametrize("by", [lines_by_day, lines_by_charge])
@given(zone=st.sampled_from(ZONES), month=st.sampled_from(MONTHS), basis=st.sampled_from(SpendBasis), amounts=CHARGED)
def test_whatever_was_charged_every_row_keeps_the_rules_and_nothing_is_lost(
    by: LinesOf,
    zone: str,
    month: tuple[int, int],
    basis: SpendBasis,
    amounts: list[tuple[int, int, int, EntryKind, int]],
) -> None:
    window = period(Unit.MONTH, date(*month, 1), ZoneInfo(zone))
    charged = [charge(window, *each) for each in amounts]
    text = io.StringIO()
    number = FocusFile(window, "Neo", by(charged, window, ZoneInfo(zone), basis)).write(text)
    rows = rows_of(text.getvalue())
    assert len(rows) == number
    spent = sum(each.platform_nanos + basis.spend(0, each.provider_nanos) for each in charged)
    for column in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        assert summed(rows, column) == Decimal(spent) / 10**9
    for row in rows:
        check_columns(row)
        check_relations(row)
        days = {period(Unit.DAY, local_day(each.booked_at, ZoneInfo(zone)), ZoneInfo(zone)) for each in charged}
        assert row["ChargePeriodStart"] in {utc(day.start) for day in days}
    booked = {row["x_BookedAt"] for row in rows}
    assert booked <= {"", *(utc(each.booked_at) for each in charged)}


def test_the_manual_has_every_column_and_no_other(export: Export) -> None:
    first_cells = re.findall(r"^\| (`.+?) \|", section(ROOT / "docs" / "focus.md", "Columns"), re.MULTILINE)
    documented = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert documented == set(rows_of(export().stdout)[0])


# --- the command ---------------------------------------------------------------------------------


def test_a_file_is_written_once_and_summed_up(export: Export) -> None:
    written = export("neo.csv")
    assert written.stdout == "Wrote 5 rows to neo.csv: $57.73. 1 task with unknown cost not included.\n", written.stderr
    assert written.stderr.startswith("Data as of "), written.stderr
    again = export("neo.csv")
    assert (again.returncode, again.stderr) == (1, "neo-usage: neo.csv exists already. Name a new file.\n")


def test_what_is_missing_or_assumed_is_said_beside_the_file(export: Export, ledger: App) -> None:
    assert "unit assumed until BYOK_UNIT is set" in export(BYOK_UNIT="").stderr
    execute(ledger.settings.database, f"UPDATE coverage SET covered_from = {to_us(START)}")
    assert "Incomplete: the history I have starts Mar 2" in export().stderr


def test_a_file_that_breaks_off_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "neo.csv"
    with pytest.raises(UnicodeEncodeError), new_file(path) as file:
        file.write("half a month\ud800")
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--month", "november"), WRONG_USE, "`november` isn't a month such as 2026-11."),
        (("--month", "2026-13"), WRONG_USE, "2026-13"),
        (("--month", "2999-01"), WRONG_USE, "2999"),
        (("--by", "week"), WRONG_USE, "'week' is not one of"),
        (("--account", " "), WRONG_USE, "`--account` needs a name: FOCUS has no row without a billing account."),
    ],
)
def test_what_cannot_be_exported_is_said(export: Export, words: tuple[str, ...], code: int, told: str) -> None:
    failed = export(*words)
    assert (failed.returncode, told in failed.stderr) == (code, True)


def test_account_names_the_bill(export: Export) -> None:
    accounts = {
        (row["BillingAccountId"], row["BillingAccountName"]) for row in rows_of(export("--account", "Red").stdout)
    }
    assert accounts == {("Red", "Red")}
