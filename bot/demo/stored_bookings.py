"""What the demo's bot has stored of the costs of Neo's tasks, for the page's figures after it was killed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.app import App
from bot.domain.money import NANOS_PER_USD
from bot.domain.periods import FIRST_YEAR, Window
from bot.ledger.charge_list import charges_within
from bot.sandbox.page.bookings import Booking


def stored_bookings(app: App) -> list[Booking]:
    """Return the changes of tasks' costs that are in the ledger of an app. Raises LedgerError if it can't be read."""
    always = Window(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), app.clock() + timedelta(days=1))
    with app.ledger.reader() as connection:
        return [
            Booking(each.booked_at, each.task_id, Decimal(each.platform_nanos + each.provider_nanos) / NANOS_PER_USD)
            for each in charges_within(connection, always)
        ]
