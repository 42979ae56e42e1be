"""Names: whom and which model a name in a question may mean, within what its caller may see."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

from sqlalchemy import Connection

from bot.domain.everyday import vocabulary
from bot.domain.query.question import quote
from bot.domain.text import ascii_lower, without_accents
from bot.ledger.members import UNATTRIBUTED_NAME, current_emails
from bot.ledger.scope import Scope
from bot.ledger.scope_queries import seen_values

_SHORTEST_PART = 3  # letters of a model's name that may stand for it
_MOST_MODELS = 4  # offered one by one
_KEPT = 16  # teams, or members of them, whose names are kept in memory
_CURLY = "\u2019"  # an apostrophe as phones write it
_EVERYDAY = vocabulary.FILLER.union(vocabulary.KNOWN)

EmailsByName = Mapping[str, Sequence[str]]
"""The e-mails of people by their names in Slack, in lower case: `marcus delgado`, `marcus`."""


def no_names(_connection: Connection) -> EmailsByName:
    """Return no names, for where there is no Slack."""
    return {}


@dataclass(frozen=True)
class LedgerNames:
    """The members and models of a scope by name; `in_slack` returns the names that people have in Slack."""

    connection: Connection
    scope: Scope
    in_slack: Callable[[Connection], EmailsByName] = no_names

    def meanings(self, name: str) -> list[str]:
        """Return what a lower-cased name may mean, in the query language: `email:...` and `model:...`."""
        return [*self._members_called(name), *self._models_called(name)]

    def exact_meanings(self, name: str) -> list[str]:
        """Return the same without models of which the name is only a part."""
        return [*self._members_called(name), *(f"model:{quote(each)}" for each in self._models.get(name, ()))]

    def emails_called(self, name: str) -> list[str]:
        """Return the present e-mails of the people with a lower-cased name, in order.

        Where nobody has it, they are of those with the name without its accents. In the whole ledger's scope they
        may be of somebody in Slack who has no task yet.
        """
        found = self._emails_called(name)
        return found if found or name.isascii() else self._emails_called(without_accents(name))

    def _emails_called(self, name: str) -> list[str]:
        is_whole = self.scope.member is None
        called = chain(self._emails.get(name, ()), self._emails_in_slack.get(name, ()))
        found = (self._current.get(email, email if is_whole else None) for email in called)
        return sorted({email for email in found if email is not None})

    def _members_called(self, name: str) -> list[str]:
        return [f"email:{quote(email)}" for email in self.emails_called(name)]

    def _models_called(self, name: str) -> list[str]:
        if exact := self._models.get(name):
            return [f"model:{quote(each)}" for each in exact]
        parts = [each for each in self._models if len(name) >= _SHORTEST_PART and name in each]
        if len(parts) == 1:
            return [f"model:{quote(self._models[parts[0]][0])}"]
        all_of_them = [f"model:{quote(name)}"] if parts else []
        return all_of_them + [f"model:{quote(self._models[each][0])}" for each in sorted(parts)[:_MOST_MODELS]]

    @cached_property
    def _current(self) -> Mapping[str, str]:
        """The e-mails of members as they are called now, by any e-mail of theirs."""
        everybody = current_emails(self.connection)
        if self.scope.member is None:
            return {email: now for email, now in everybody.items() if email != UNATTRIBUTED_NAME}
        own = set(self.scope.emails(self.connection))
        return {email: now for email, now in everybody.items() if email in own}

    @cached_property
    def _emails(self) -> EmailsByName:
        return _names_of_emails(tuple(self._current))

    @cached_property
    def _emails_in_slack(self) -> EmailsByName:
        return self.in_slack(self.connection)

    @cached_property
    def _models(self) -> Mapping[str, Sequence[str]]:
        return by_name((each.lower(), each) for each in seen_values(self.connection, self.scope, "model") if each)


@lru_cache(maxsize=_KEPT)
def _names_of_emails(emails: tuple[str, ...]) -> EmailsByName:
    """Return e-mails by what people with them may be called; of a large team that takes too long for each line."""
    return by_name((name, email) for email in emails for name in names_of_email(email))


def names_of_email(email: str) -> list[str]:
    """Return what somebody with an e-mail may be called by it: `marcus.delgado`, `marcus delgado`, `marcus`."""
    local = email.partition("@")[0]
    words = local.replace("_", ".").replace("-", ".").split(".")
    return list(dict.fromkeys([email, local, " ".join(words), words[0]]))


def names_of_person(name: str) -> list[str]:
    """Return what somebody with a name in Slack may be called: `Marcus Delgado` and `Marcus`, in lower case."""
    words = ascii_lower(name.lower()).split()
    return list(dict.fromkeys([" ".join(words), *words[:1]]))


def plain_names_of_person(name: str) -> list[str]:
    """Return the whole name as it may be typed: without accents, with plain apostrophes or none; none if it is so.

    Of a first name alone there is none: it might be an everyday word, as `The` is.
    """
    whole, *first = names_of_person(name)
    bare = without_accents(whole).replace(_CURLY, "'")
    return [each for each in dict.fromkeys([bare, bare.replace("'", "")]) if first and each != whole]


def by_name(pairs: Iterable[tuple[str, str]]) -> EmailsByName:
    """Return the second of each pair by the first, each once."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for name, value in pairs:
        found[name][value] = None
    return {name: tuple(values) for name, values in found.items()}


def unmistakable(names: EmailsByName) -> EmailsByName:
    """Return the names without those of several words that say something else: `everyone spend`, `of marcus`.

    People choose their names themselves, and nobody may so be taken for everybody or for somebody else.
    """
    return {name: emails for name, emails in names.items() if not _says_something_else(name, names)}


def _says_something_else(name: str, names: EmailsByName) -> bool:
    """Return whether a name of several words is of everyday words only, or else of another person's name."""
    words = name.split()
    rest = " ".join(each for each in words if each not in _EVERYDAY)
    if len(words) == 1 or rest == name:
        return False
    return not rest or not set(names.get(rest, ())) <= set(names[name])
