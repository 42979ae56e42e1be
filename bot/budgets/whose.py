"""Whose budgets the words of a command mean: one's own, everybody's, or those of whoever is named."""

from collections.abc import Sequence
from itertools import groupby

from bot.budgets.scopes import SCOPES
from bot.domain.everyday.vocabulary import EVERYBODY, JOINTS, ONESELF, US
from bot.domain.text import without_owner

ME, EVERYONE = "me", "everyone"
_ALL = "all"
_EVERYBODY = EVERYBODY | US | {"each"}
_WHOLE = {"whole", "entire"}
_BESIDE = {"for", "of", "about", "on", "the", "our", "to", "alert", "alerts", "budget", "budgets", "limit", "limits"}
_BESIDE |= {"message", "messages", "notification", "notifications", "warning", "warnings", "now"}


def named(words: Sequence[str]) -> list[str]:
    """Return whom words name: ME, EVERYONE, `team`, `default`, mentions, e-mails and names; empty if nobody.

    Words side by side are one name, such as `marcus delgado`, without the `'s` of an owner.
    """
    parts = [list(part) for is_joint, part in groupby(words, _is_joint) if not is_joint]
    return [name for part in parts for name in _names([without_owner(word) for word in part])]


def _is_joint(word: str) -> bool:
    return word.lower() in JOINTS


def _names(words: Sequence[str]) -> list[str]:
    rest = [word for word in words if word.lower() not in _BESIDE]
    if any(word.lower() != _ALL for word in rest):
        rest = [word for word in rest if word.lower() != _ALL]  # `all my alerts`
    if any(word.lower() in SCOPES for word in rest):
        rest = [word for word in rest if word.lower() not in ONESELF | _WHOLE]  # `my team`
    if not rest or (len(rest) < len(words) and {word.lower() for word in rest} == {_ALL}):  # `all alerts`
        return []
    if {word.lower() for word in rest} <= ONESELF:
        return [ME]
    if any("@" in word or word.lower() in SCOPES for word in rest):
        return rest
    name = " ".join(rest)
    return [EVERYONE if name.lower() in _EVERYBODY else name]
