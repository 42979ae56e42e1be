"""The view of a digest: how it is rendered, and whether its readers may see members and their names."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.digest.policy import DigestPolicy
from bot.domain.text import one_line
from bot.domain.visibility import Privacy
from bot.slack.templates import Templates

LINES = 5  # the most lines of each section
LONGEST_NAME = 60  # characters, so that all lines of a part fit


@dataclass(frozen=True, slots=True)
class DigestView:
    """The templates and the policy of a digest, and the privacy of its members towards its readers.

    `names` are what members are called, by their e-mails; who is not among them is called by the e-mail.
    """

    templates: Templates
    policy: DigestPolicy
    privacy: Privacy
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def names_members(self) -> bool:
        """Whether members are named."""
        return self.privacy is Privacy.NAMED

    @property
    def shows_members(self) -> bool:
        """Whether members' spend is shown, named or not."""
        return self.privacy is not Privacy.OPERATORS

    def name(self, email: str) -> str:
        """Return what a member is called, on one line."""
        return one_line(self.names.get(email, email), LONGEST_NAME)
