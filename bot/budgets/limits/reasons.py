"""The reason of a limit as people write it: `request 300 a day until:2026-12-04 for the globex pentest`."""

import re

from bot.domain.access import RefusedError
from bot.domain.text import one_line

_KEYED = re.compile(r"(?i)(?<!\S)(?:until|model|status|byok):\S+")
_COURTESY = re.compile(
    r"(?i)^(?:please|thanks|thank you|budget|limit|for me|for myself)(?!\S) ?| (?:please|thanks|thank you)$"
)
_PERIOD = re.compile(r"(?i)(?:per|each|every|an?) (?P<period>\S+)")
_INTRODUCTION = re.compile(r"(?i)(?:(?P<word>for|because|as|since|so|to) )?(?P<article>(?:the|an?|our|my|this|that) )?")
_LONGEST_NAME = 3  # words
_LONGEST_SHOWN = 60  # characters


def with_reason(line: str, amount: str) -> str:
    """Return a line in which the words of a reason behind the limit read `reason:"globex pentest"`.

    `amount` is the pattern of a limit. Words that may as well be somebody's name are left as they are.

    Raises:
        RefusedError: somebody asks for a limit with a reason that may be a name, or with a period that is none.
    """
    found = re.fullmatch(rf"(?i)(?P<limit>(?P<whose>\S.*?) (?>{amount}))(?P<rest> .*)", line)
    if found is None or re.search(r'(?i)reason:|["@<]', found["rest"]):
        return line
    rest = found["rest"]
    limit = " ".join([found["limit"], *_KEYED.findall(rest)])
    said = _without_courtesy(" ".join(_KEYED.sub("", rest).split()))
    is_behind_day = rest.startswith(" until:")
    if (period := _PERIOD.match(said)) and not is_behind_day:
        unknown = one_line(period["period"], _LONGEST_SHOWN)
        raise RefusedError(
            f"I don't know the period `{unknown}`. A budget is for a day, week or month: `{limit}/month`."
        )
    reason = _reason(said, is_behind_day=is_behind_day)
    if not said or reason:
        return f'{limit} reason:"{reason}"' if reason else limit
    if found["whose"].lower() == "request":
        raise _unclear(limit, said)
    return line


def _without_courtesy(said: str) -> str:
    while (shorter := _COURTESY.sub("", said)) != said:
        said = shorter
    return said


def _reason(said: str, *, is_behind_day: bool) -> str:
    """Return the reason that words are; empty if they are a limit, or may be somebody's name."""
    begun = _INTRODUCTION.match(said)
    word, article = begun.group("word", "article") if begun else (None, None)
    reason = said[begun.end() :] if begun else said
    if not reason or not reason[0].isalpha():
        return ""
    is_introduced = article or (word and word.lower() != "for") or (is_behind_day and not word)
    return reason if is_introduced or len(reason.split()) > _LONGEST_NAME else ""


def _unclear(limit: str, said: str) -> RefusedError:
    reason = re.sub(r"(?i)^for ", "", said)
    if not reason[0].isalpha():
        return RefusedError("I can set one limit at a time. Type `budget request 800/month`.")
    return RefusedError(
        "You can only ask for your own budget."
        f' If that is why you need it, type `budget {limit} reason:"{one_line(reason, _LONGEST_SHOWN)}"`.'
    )
