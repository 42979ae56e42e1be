"""Repricing: every task is priced again in the unit that is set, and nobody is notified of the consequences."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.capability import Capability
from bot.domain.pricing import ByokUnit
from bot.domain.timestamps import to_us
from bot.ledger import repricing
from bot.ledger.repricing import RepricingResult


def reprice(
    connection: Connection, capabilities: Sequence[Capability], unit: ByokUnit, now: datetime
) -> RepricingResult:
    """Price the ledger again, have each capability record what follows from it, and return what was done."""
    result = repricing.reprice(connection, unit, to_us(now))
    for capability in capabilities:
        if capability.upkeep.record_repricing is not None:
            capability.upkeep.record_repricing(connection, now)
    return result
