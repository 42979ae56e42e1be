"""The policy of digests: the settings that decide what they report."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.budgets.policy import BudgetPolicy
from bot.domain.pricing import SpendBasis
from bot.domain.tasks import FAILED_STATUSES
from bot.spikes.rules import SpikePolicy

if TYPE_CHECKING:
    from bot.settings.model import Settings


@dataclass(frozen=True, slots=True)
class DigestPolicy:
    """What digests report: budgets and spikes by their own policies, and tasks of the `failing` statuses as failed."""

    budgets: BudgetPolicy
    spikes: SpikePolicy
    unit_is_set: bool
    failing: tuple[str, ...] = FAILED_STATUSES

    @classmethod
    def from_settings(cls, settings: "Settings") -> "DigestPolicy":
        """Return the policy that the settings ask for."""
        budgets, spikes = BudgetPolicy.from_settings(settings), SpikePolicy.from_settings(settings)
        return cls(budgets, spikes, settings.byok_unit is not None, settings.failure_statuses)

    @property
    def basis(self) -> SpendBasis:
        """What spend adds up."""
        return self.budgets.basis

    @property
    def zone(self) -> ZoneInfo:
        """The zone of dates."""
        return self.budgets.zone
