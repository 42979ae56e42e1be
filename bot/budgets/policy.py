"""The policy of budgets: what every budget is evaluated by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.budgets.rules import STEPS
from bot.domain.pricing import SpendBasis
from bot.domain.visibility import Privacy

if TYPE_CHECKING:
    from bot.settings.model import Settings


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """The time zone of periods, what counts as spend, the steps in percent, and who is named in channels."""

    zone: ZoneInfo
    basis: SpendBasis
    steps: tuple[int, ...] = STEPS
    privacy: Privacy = Privacy.NAMED

    @classmethod
    def from_settings(cls, settings: "Settings") -> "BudgetPolicy":
        """Return the policy that the settings ask for."""
        return cls(settings.timezone, settings.spend_basis, settings.budget_steps, settings.alert_privacy)
