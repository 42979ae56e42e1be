"""The columns of a FOCUS 1.2 file, and a line as its cells; docs/focus.md gives the reasons."""

from dataclasses import dataclass

from bot.domain.formatting import utc
from bot.domain.money import NANOS_PER_CREDIT, NANOS_PER_USD, credits_text, usd_text
from bot.domain.periods import Window
from bot.usage.focus.lines import Category, Creditor, Line

Cells = dict[str, str]
"""A line's cells by column; an empty one is null."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """What is charged for: whose it is, in which units and at which price; all of it as FOCUS names it."""

    provider: str
    service: str
    sku: str
    unit: str
    currency: str
    usd_per_unit: int


_OFFERS = {
    Creditor.NEO: _Offer(
        "ProjectDiscovery", "Neo", "neo-credit", "Credits", "Neo credits", NANOS_PER_CREDIT // NANOS_PER_USD
    ),
    Creditor.MODEL_PROVIDER: _Offer("Model provider", "Neo with an own model key", "own-model-key", "USD", "USD", 1),
}

COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost",
    "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory", "PricingCurrency",
    "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "ResourceId", "ResourceType",
    "ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId", "SkuPriceId", "SubAccountId", "SubAccountName",
    "SubAccountType", "x_BookedAt", "x_Model", "x_Tasks",
)  # fmt: skip


def cells(line: Line, month: Window, account: str) -> Cells:
    """Return the cells of a line; `month` is its billing period, and `account` whose bill it is."""
    key, cost = line.key, usd_text(line.nanos)
    offer = _OFFERS[key.creditor]
    known = {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), cost),
        "BillingAccountId": account,
        "BillingAccountName": account,
        "BillingCurrency": "USD",
        "BillingPeriodStart": utc(month.start),
        "BillingPeriodEnd": utc(month.end),
        "ChargeCategory": key.category,
        "ChargeClass": "Correction" if key.corrects_earlier else "",
        "ChargeDescription": _description(line),
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": utc(key.day.start),
        "ChargePeriodEnd": utc(key.day.end),
        "PricingCurrency": offer.currency,
        "PricingCurrencyEffectiveCost": _quantity(line),
        **dict.fromkeys(("InvoiceIssuerName", "ProviderName", "PublisherName"), offer.provider),
        "ResourceId": key.task_id,
        "ResourceType": "Task" if key.task_id else "",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": offer.service,
        "ServiceSubcategory": "AI Platforms",
        "SubAccountId": key.member,
        "SubAccountName": key.member,
        "SubAccountType": "Member",
        "x_BookedAt": "" if line.booked_at is None else utc(line.booked_at),
        "x_Model": key.model,
        "x_Tasks": str(len(line.tasks)),
        **(_prices(offer, line) if key.category is Category.USAGE else {}),
    }
    return {column: known.get(column, "") for column in COLUMNS}


def _prices(offer: _Offer, line: Line) -> Cells:
    """Return how the cost of what was used follows from a quantity and a price; a correction has neither."""
    quantity = _quantity(line)
    price, one = f"{offer.usd_per_unit}.00", "1.00"  # without a point, readers take them for whole numbers
    return {
        **dict.fromkeys(("ConsumedQuantity", "PricingQuantity"), quantity),
        **dict.fromkeys(("ConsumedUnit", "PricingUnit"), offer.unit),
        **dict.fromkeys(("ListUnitPrice", "ContractedUnitPrice"), price),
        **dict.fromkeys(("PricingCurrencyListUnitPrice", "PricingCurrencyContractedUnitPrice"), one),
        "PricingCategory": "Standard",
        # FOCUS wants no amount or currency in the price's id; there is one price of each
        **dict.fromkeys(("SkuId", "SkuPriceId"), offer.sku),
    }


def _quantity(line: Line) -> str:
    """Return an amount in the units that it is priced in."""
    return credits_text(line.nanos) if line.key.creditor is Creditor.NEO else usd_text(line.nanos)


def _description(line: Line) -> str:
    noun = f"Neo task {line.key.task_id}" if line.key.task_id else "Neo tasks"
    action = "Correction of" if line.key.category is Category.ADJUSTMENT else "Use of"
    return f"{action} {noun}, {line.key.member}"
