"""How alerts name the subject of a budget, and people who did something about it."""

from dataclasses import dataclass

from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.domain.visibility import Privacy
from bot.outbox.destinations import MemberDestination
from bot.outbox.renderers import RenderRequest
from bot.people.destination_resolver import DestinationResolver
from bot.slack.mrkdwn import Trusted, escape, mention


@dataclass(frozen=True, slots=True)
class SubjectName:
    """What a subject is called in a message.

    `must_ask` says that the reader is the subject and no operator, so they ask for a higher limit. If readers must not
    learn who it is, `nameable` are the Slack ids of those who may be named without telling it.
    """

    name: str
    whose: str
    is_reader: bool = False
    must_ask: bool = False
    nameable: frozenset[str] | None = None

    def template_values(self) -> dict[str, str]:
        """Return the name and the words that agree with it, as values of a template."""
        their = "your" if self.is_reader else ("its" if self.name == "The team" else "their")
        verb, has = ("are", "have") if self.is_reader else ("is", "has")
        return {"who": self.name, "whose": self.whose, "their": their, "verb": verb, "has": has}

    def actor(self, by: str, otherwise: str = "the member") -> str:
        """Return who did something, or `otherwise` if that would tell who the subject is."""
        is_hidden = self.nameable is not None and by not in {"terminal", *self.nameable}
        return otherwise if is_hidden else person(by)

    def reason(self, why: str | None) -> str:
        """Return why somebody did something, empty if their words may tell who the subject is."""
        return why or "" if self.nameable is None else ""


@dataclass(frozen=True, slots=True)
class SubjectNamer:
    """Decides what a subject is called in a message, by who reads it there."""

    destinations: DestinationResolver
    policy: BudgetPolicy

    async def subject_name(self, subject: int, email: str | None, request: RenderRequest) -> SubjectName:
        """Return what a subject is called where a message goes."""
        if subject == TEAM:
            return SubjectName("The team", "The team's")
        user = await self.destinations.slack_user(email or "")
        operators = frozenset(self.destinations.people.operators())
        if request.in_dm and request.destination == MemberDestination(subject):
            return SubjectName("You", "Your", is_reader=True, must_ask=user not in operators)
        if not request.in_dm and self.policy.privacy is Privacy.ANONYMOUS:
            return SubjectName("A member", "A member's", nameable=operators - {user})
        name = mention(user) if user else Trusted(escape(email))
        return SubjectName(name, Trusted(f"{name}'s"))


def person(by: str) -> str:
    """Return who did something: a mention, or an operator where only the terminal is known."""
    return mention(by) if by != "terminal" else "an operator in the terminal"
