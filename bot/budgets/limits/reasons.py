"""The reason of a limit as people write it: `request 300 a day until:2026-12-04 for the globex pentest`.

What stands behind a limit is its reason only if it says so. A limit that is guessed would be money: what may say how
much, from when or for how long is never a reason.
"""

import re

from bot.budgets.limits.unclear_line import UnclearLineError
from bot.domain.access import RefusedError
from bot.domain.everyday.dates import MONTHS, WEEKDAYS
from bot.domain.text import one_line

_KEYED = re.compile(r"(?i)(?<!\S)(?:until|model|status|byok):\S+")
_COURTESY = re.compile(
    r"(?i)^(?:please|thanks|thank you|budget|limit|for me|for myself|max|maximum|at most|tops|instead|now|right away"
    r"|immediately|for good|for now|permanently|forever|from now on|as of (?:now|today)|starting (?:now|today)"
    r"|until further notice)(?!\S) ?| (?:please|thanks|thank you)$"
)
_PERIOD = re.compile(r"(?i)(?:per|each|every|an?) (?P<period>\S+)")
_INTRODUCTION = re.compile(r"(?i)(?:(?P<word>for|because|as|since|so|to) )?(?P<article>(?:the|an?|our|my|this|that) )?")
_CALCULATED = re.compile(
    r"(?i)^(?:times|x|percent|%|more|less|fewer|extra|additional|further|on top|again as much|\S+ than"
    r"|of (?:the|what|his|her|their))(?!\S)"
)
_THINGS = re.compile(
    r"(?i)^(?:tasks?|jobs?|runs?|calls?|tokens?|steps?|hours?|minutes?|days|weeks|months|people|members"
    r"|euros?|eur|pounds?|gbp|yen)(?!\S)"
)
_TIME = re.compile(
    r"(?i)(?<!\S)(?:days?|weeks?|weekends?|weekdays?|workdays?|months?|quarters?|years?|hours?|today|tonight|tomorrow"
    r"|yesterday|next|rest|daily|weekly|monthly|starting|beginning|until|till|long|while|during|when|whenever|once|after"
    rf"|before|{'|'.join([*WEEKDAYS, *MONTHS])})(?!\S)"
)
_LAST_DAY = re.compile(r"(?i)(?:until|till|through|thru) ")
_LONGEST_NAME = 3  # words
_LONGEST_SHOWN = 60  # characters


def with_reason(line: str, amount: str) -> str:
    """Return a line in which the words of a reason behind the limit read `reason:"globex pentest"`.

    `amount` is the pattern of a limit. Words that may as well be somebody's name are left as they are.

    Raises:
        RefusedError: the words behind the limit are no reason, or somebody asks for a limit with one that may be a
            name; the message says what to type.
    """
    found = re.fullmatch(rf"(?i)(?P<limit>(?P<whose>\S.*?) (?>{amount}))(?P<rest> .*)", line)
    if found is None or re.search(r'(?i)reason:|["@<]', found["rest"]):
        return line
    rest = found["rest"]
    limit = " ".join([found["limit"], *_KEYED.findall(rest)])
    said = _without_courtesy(" ".join(_KEYED.sub("", rest).split()))
    has_last_day = " until:" in rest.lower()
    _check(limit, said, has_last_day=has_last_day)
    reason = _reason(said, is_behind_day=rest.startswith(" until:"))
    if not said or reason:
        return f'{limit} reason:"{reason}"' if reason else limit
    if found["whose"].lower() == "request":
        raise _unclear(limit, said)
    if len(said.split()) > _LONGEST_NAME:
        raise _no_reason(limit, said)
    return line


def _without_courtesy(said: str) -> str:
    while (shorter := _COURTESY.sub("", said)) != said:
        said = shorter
    return said


def _check(limit: str, said: str, *, has_last_day: bool) -> None:
    """Raise RefusedError if words behind a limit say how much it is, of what, from when, or for how long."""
    if _CALCULATED.search(said):
        raise RefusedError(f"I can't calculate a limit from another one. Type the new one: `budget {limit}`.")
    if _THINGS.search(said):
        raise RefusedError(
            "A limit is in dollars or credits. Type `budget @ana 500/month` or `budget @ana 50cr/month`."
        )
    if has_last_day:
        return
    if period := _PERIOD.match(said):
        unknown = one_line(period["period"], _LONGEST_SHOWN)
        raise RefusedError(
            f"I don't know the period `{unknown}`. A budget is for a day, week or month: `{limit}/month`."
        )
    if last_day := _LAST_DAY.match(said):
        unknown = one_line(said[last_day.end() :], _LONGEST_SHOWN)
        raise RefusedError(f"I don't know the last day `{unknown}`. Type one such as `until friday` or `until nov 30`.")
    if _TIME.search(said):
        raise _no_reason(limit, said)


def _reason(said: str, *, is_behind_day: bool) -> str:
    """Return the reason that words are; empty if they are a limit, or may be somebody's name."""
    begun = _INTRODUCTION.match(said)
    word, article = begun.group("word", "article") if begun else (None, None)
    reason = said[begun.end() :] if begun else said
    if not reason or not reason[0].isalpha():
        return ""
    is_short = len(reason.split()) <= _LONGEST_NAME
    is_introduced = article or (word and not (word.lower() == "for" and is_short)) or (is_behind_day and not word)
    return reason if is_introduced else ""


def _no_reason(limit: str, said: str) -> RefusedError:
    """Return the error about words that may be a reason, or say when; a limit starts at once."""
    begun = _INTRODUCTION.match(said)
    reason = one_line((said[begun.end() :] if begun else said) or said, _LONGEST_SHOWN)
    return UnclearLineError(
        f"I don't know what `{one_line(said, _LONGEST_SHOWN)}` means here. A limit starts at once, and holds until you"
        " change it, or through its last day, such as `until friday`. If it is the reason, say so.",
        [f'{limit} reason:"{reason}"'],
    )


def _unclear(limit: str, said: str) -> RefusedError:
    reason = re.sub(r"(?i)^for ", "", said)
    if not reason[0].isalpha():
        return RefusedError("I can set one limit at a time. Type `budget request 800/month`.")
    return RefusedError(
        "You can only ask for your own budget."
        f' If that is why you need it, type `budget {limit} reason:"{one_line(reason, _LONGEST_SHOWN)}"`.'
    )
