"""The view of a digest: how it is rendered, and whether its readers may see members and their names."""

from dataclasses import dataclass

from bot.digest.policy import DigestPolicy
from bot.domain.visibility import Privacy
from bot.slack.templates import Templates

LINES = 5  # the most lines of each section
LONGEST_NAME = 60  # characters, so that all lines of a part fit


@dataclass(frozen=True, slots=True)
class DigestView:
    """The templates and the policy of a digest, and the privacy of its members towards its readers."""

    templates: Templates
    policy: DigestPolicy
    privacy: Privacy

    @property
    def names_members(self) -> bool:
        """Whether members are named."""
        return self.privacy is Privacy.NAMED

    @property
    def shows_members(self) -> bool:
        """Whether members' spend is shown, named or not."""
        return self.privacy is not Privacy.OPERATORS
