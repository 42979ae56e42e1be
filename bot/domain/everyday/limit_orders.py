"""Orders about limits in everyday words: `limit the team to $300 on opus`, `remove ana's budget`, `make ana unlimited`.

A line becomes the command in whose words amounts, names and what stands behind the amount are as they were typed. What
does not say clearly whose limit it is becomes `budget alert`, which asks back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.domain.everyday.dates import MONTHS, WEEKDAYS
from bot.domain.everyday.vocabulary import EVERYBODY, FILLER, ONESELF, US
from bot.domain.query.question import quote

LIMITS = {
    "budget", "budgets", "limit", "limits", "threshold", "thresholds", "allowance", "allowances", "cap", "caps",
    "ceiling", "quota",
}  # fmt: skip
"""What limits are called."""
TEAM = {
    "team", "the team", "our", "our team", "my team", "team's", "the team's", "the whole team", "whole team",
    "everyone together", "everybody together", "all together",
}  # fmt: skip
EACH = {
    "each", "people", "members", "users", "all people", "all members", "all users",
    *(f"{each} {one}" for each in ("each", "every") for one in ("person", "member", "user", "one")),
}  # fmt: skip
OF_ALL = EVERYBODY | US
"""Whose limit may be that of each, or of all together: it is asked back."""
_POLITE = {
    "please", "can", "could", "would", "will", "you", "hey", "hi", "ok", "okay", "kindly", "i", "we", "i'd", "we'd",
    "want", "like", "need", "to", "let's", "lets", "so", "and", "now", "just", "go", "ahead",
}  # fmt: skip
_ASKED = re.compile(r"(?:can|could|may|shall|should|would|will) (?:i|we)(?!\S)")
_CAPPING = {
    "limit", "cap", "restrict", "bump", "raise", "lower", "put", "increase", "decrease", "reduce", "drop", "cut", "set",
    "change", "bring", "keep", "hold", "hike",
}  # fmt: skip
_GIVING = {"give", "grant", "allow", "let", "limit", "cap", "set", "allot", "assign", "put"}
_SETTING = {*_CAPPING, *_GIVING, "make", "create", "add", "update"}
_ENDING = {
    verb: how
    for how, verbs in {
        "remove": "remove delete clear cancel unset lift scrap erase revoke",
        "drop": "drop cut",  # which may be to lower it
        "pause": "pause suspend freeze halt hold stop disable deactivate",
        "undo": "undo revert restore reinstate rollback",
        "reset": "reset restart renew",
    }.items()
    for verb in verbs.split()
}
"""What is done to a limit without saying another one, by the verbs for it; only `remove` is clear."""
_ENDING_BESIDE = {
    ("take", "away"): "remove",
    ("get", "rid"): "remove",
    ("turn", "off"): "pause",
    ("switch", "off"): "pause",
    ("put", "hold"): "pause",
    ("roll", "back"): "undo",
    ("bring", "back"): "undo",
}
"""The same by verbs of two words, the second of which may stand behind the limit."""
_FOR_NOW = re.compile(r" (?:for now|for a while|for the moment|temporarily|again|now)$", re.IGNORECASE)
_UNTIL = re.compile(r" (?P<until>(?:until|till|through|for) .+|today)$", re.IGNORECASE)
_CHANGING = {"raise", "lower", "bump", "increase", "decrease", "reduce", "drop", "cut", "hike"}
_SPEND = {"spend", "spending", "usage", "cost", "costs", "expenses", "bill"}
_SHARING = {"split", "share", "divide", "distribute", "spread", "allocate", "apportion"}
_AMONG = re.compile(
    r"(?<!\S)(?:between|among|amongst|across|evenly|equally|to each|over (?:all|everyone|everybody))(?!\S)"
)
_AMOUNT = re.compile(r"[$€£¥]?\d[\d.,]*(?:k|cr)?(?:/[a-z]+)?", re.IGNORECASE)
_HAS_DIGIT = re.compile(r"\d")
_PERIODS = {"daily": "daily", "weekly": "weekly", "monthly": "monthly"}
_PERIOD = r"(?: ?/ ?| an? | per | each | every )(?:day|week|month)s?| (?:daily|weekly|monthly)"
_CURRENCY = r" (?:dollars?|usd|bucks?|credits?|cr)"
_NOUN = rf" (?:spend(?:ing)? )?(?:{'|'.join(sorted(LIMITS))})"
_BEHIND_AMOUNT = re.compile(rf"(?P<currency>{_CURRENCY})?(?P<period>{_PERIOD})?(?P<noun>{_NOUN})?(?!\S)", re.IGNORECASE)
_PER_UNIT = re.compile(r"(?<!\S)(?:per|each|every|an?) (day|week|month)(?!\S)", re.IGNORECASE)
_OF_UNIT = {"day": "daily", "week": "weekly", "month": "monthly"}
_ABOUT = {"about", "around", "approximately", "roughly", "least"}
_DROPPED = {
    "the", "a", "an", "to", "at", "up", "down", "back", "as", "is", "be", "own", "new", "current", "present",
    "personal", "individual", "total", "overall", "whole", "entire", "combined", "general", "ai", "neo", "neo's", "max",
    "maximum", "higher", "lower", "bigger", "more", "same", "please", "amount", "money", *_ABOUT,
    *_SPEND, *LIMITS,
}  # fmt: skip
"""What says nothing of whose a limit is, or of which tasks."""
_ON, _FOR = {"on", "with", "using"}, {"for", "of"}
_ALL = {"all", "any", "every", "both", "existing"}
_EACH_OF_THEM = {"all", "every", "both"}
_NO_SUBJECT = {
    "results", "rows", "list", "output", "tasks", "task", "top", "lines", "answer", "it", "that", "this", "them",
    "those", "these", "subscription", "report", "last", "request", "requests", "alert", "alerts", "message", "messages",
}  # fmt: skip
_STOPS = (
    r"(?:until|till|through|thru|because|since|so|as|please|this|next|today|tomorrow|starting|from|per|only|for|on|with"
    r"|using|of|to|reason:.*|\w+:.*)(?!\S)"
)
_A_TIME = (
    r"(?:the|a|an|one|two|three|four|five|six|\d+)"
    r"(?: (?:next|coming|rest|couple|whole|few|of|the|this|one|two|three|four|five|six|\d+))*"
    r" (?:days?|weeks?|weekend|months?)(?!\S)"
)
_SUBJECT_BEHIND = re.compile(
    rf" (?P<how>for|on|with|using|to|of) (?P<what>(?!{_A_TIME}|{_STOPS})\S+(?: (?!{_STOPS})\S+){{0,2}})"
)
_MODEL_BEHIND = re.compile(
    r" (?:on|with|using) (?P<model>[^\W\d][^\s:]*)(?= (?:until|till|through|for|because)(?!\S)|$)", re.IGNORECASE
)
_FOR_WHOM = re.compile(r" for (?P<whom>(?:the )?team|us|everyone|everybody|@\S+|<@[^ >]+>)$", re.IGNORECASE)
_NO_MODEL = {
    *WEEKDAYS, *MONTHS, *(f"{day}s" for day in WEEKDAYS), "weekends", "weekdays", "workdays", "weekend", "average",
    "top", "today", "it", "that", "this", "these", "those", "call", "holiday", "vacation",
}  # fmt: skip
_TAIL = r"(?P<tail> (?:until|till|through|thru|because|on|for|model:).*)?"
_LIMIT = r"[$€£]?\d[\d.,]*(?:k|cr)?(?: (?:dollars?|usd|bucks|credits?))?"
_A_LIMIT = rf"{_LIMIT}(?:{_PERIOD})"
_VERB = (
    r"(?:may|can|should|must|shall|shouldn't|mustn't|can't|cannot|gets?|needs?|has|is allowed|is limited|is capped"
    r"|not|never|only|to|at|have|use|be|spend|up to|at most|(?:no )?more than)"
)
_NAME = rf"(?!(?:than|of|to)(?!\S))\S+?(?: (?!{_VERB}(?!\S))\S+?)?"
_AT_MOST = re.compile(
    r"(?:(?:please|a|an) )*(?P<most>max(?:imum)?(?: of)?|at most|no more than|not more than|up to)"
    rf" (?P<amount>{_A_LIMIT}|{_LIMIT}) for (?P<name>(?:the )?{_NAME}){_TAIL}",
    re.IGNORECASE,
)
_NAMED = re.compile(
    rf"(?P<amount>{_A_LIMIT})(?: max(?:imum)?)? for (?P<name>(?:the )?{_NAME}){_TAIL}"
    r"|(?P<who>\S+(?: \S+)?:|(?:the )?team|everyone|everybody|@\S+|<@[^ >]+>)"
    rf" (?P<limit>{_A_LIMIT}){_TAIL.replace('tail', 'behind')}",
    re.IGNORECASE,
)
_SPENDER = re.compile(
    rf"(?:(?:don't|do not|dont|never) let )?(?P<name>(?:the )?{_NAME})"
    rf"(?: {_VERB})+ (?P<amount>{_A_LIMIT}){_TAIL}",
    re.IGNORECASE,
)
_STATED = re.compile(
    r"(?!(?:is|are|was|were|am|what|what's|does|did|do|who|which|if|when|why|how)(?!\S))"
    rf"(?:(?P<name>(?:the )?{_NAME}(?: \S+)?){_NOUN}"
    rf"|(?:the |a )?(?:{'|'.join(sorted(LIMITS))}) (?:for|of) (?P<whom>(?:the )?{_NAME}))"
    r"(?: (?:should|must|shall|will|would|could|can|ought|needs?|has|is|are|to|now|be|become|at|only|not|most"
    rf"|no more than|up to))+ (?P<amount>{_A_LIMIT}|{_LIMIT}){_TAIL}",
    re.IGNORECASE,
)
_NO_LIMIT = re.compile(
    rf"(?:(?:an? )?(?:unlimited|limitless)(?: (?:spend(?:ing)?))?(?:{_NOUN})?|no{_NOUN}) for"
    r" (?P<name>(?!(?:now|today|tomorrow|this|next|the (?:week|month|day))(?!\S))\S+(?: \S+){0,2})",
    re.IGNORECASE,
)
_CALCULATING = {"double", "triple", "halve"}
_ADDING = {"add", "subtract", "deduct"}
_BY = re.compile(r"\S+ (?P<name>\S+(?: \S+){0,3}) (?:by [$€£]?\d\S*(?: \S+)?|in half)", re.IGNORECASE)
_YEAR = re.compile(r"20\d\d")
_UNLIMITED = re.compile(
    r"(?:make|set|leave|keep|give|grant|let|allow) (?P<name>\S+?(?: \S+?){0,2}?)(?: (?:to|be|have|has|an?|spend))*"
    r" (?:(?:unlimited|limitless|uncapped)(?: (?:budget|spend(?:ing)?|limit))?"
    r"|without (?:an? |any )?(?:limit|budget|cap)s?|no (?:limit|cap)s?)"
    r"|(?:take the|get rid of the) (?:limit|budget|cap)s? (?:for|on|off|from|of) (?P<whom>\S+(?: \S+){0,2})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose limit words are about, on which model, and of which periods; each empty if they do not say."""

    whose: str = ""
    model: str = ""
    periods: tuple[str, ...] = ()


def limit_order(words: Sequence[str]) -> str | None:
    """Return the command that sets, removes or shares out a limit, if the words of a line order that; else None."""
    polite = list(takewhile(lambda word: word.lower() in _POLITE, words))
    rest = list(words[len(polite) :])
    texts = [word.lower() for word in rest]
    if not texts:
        return None
    line = " ".join(rest)
    place = _place_of_amount(texts)
    if texts[0] in _SHARING and _AMONG.search(line.lower()) and (place or LIMITS & {*texts}):
        return "budget share"
    if _is_calculated(texts, line):
        return f"budget calculate {line}"
    if place is None:
        return _unlimited(line) or _without_amount(rest)
    is_asked = bool(_ASKED.match(" ".join(words).lower()))
    if texts[0] in _SETTING and place > 0:
        return _setting(rest, place, is_asked=is_asked)
    return None if ONESELF & {word.lower() for word in polite} else _named(line)  # `I need 400 a month for the audit`


def _place_of_amount(texts: Sequence[str]) -> int | None:
    """Return where the amount stands; of `from 500 to 800` that of the second."""
    places = [place for place, text in enumerate(texts) if _AMOUNT.fullmatch(text)]
    if len(places) > 1 and texts[places[0] - 1] == "from" and texts[places[1] - 1] == "to":
        return places[1]
    return places[0] if places else None


# --- limits --------------------------------------------------------------------------------------


def _setting(words: Sequence[str], place: int, *, is_asked: bool) -> str | None:
    """Return the order that sets a limit, whose amount stands at a place; None if the words set none."""
    before = _without_former(words[1:place])
    verb, texts = words[0].lower(), [word.lower() for word in before]
    behind = " ".join(["", *words[place + 1 :]])
    found = _BEHIND_AMOUNT.match(behind)
    has_period = "/" in words[place] or bool(found and found["period"])
    has_noun = bool(found and found["noun"]) or bool(LIMITS & {_owner(text) for text in texts})
    is_capped = verb in _CAPPING and texts[-1:] in (["to"], ["at"])
    if verb in _GIVING - {"limit"} and not (has_noun or has_period or is_capped):  # `limit 5` is `top:5`
        return _given(before, words[place], behind)
    if "by" in texts or not (has_noun or is_capped or (verb in _GIVING and has_period)):
        return None  # `raise it by 100` names no limit
    if _NO_SUBJECT & {_owner(text) for text in texts}:
        return None
    subject, is_of_spend = _subject(before), bool(_SPEND & {*texts})
    noun = found["noun"] if found and found["noun"] else ""
    limit = words[place] + (behind[: found.end() - len(noun)] if found else "")
    tail = behind[found.end() :] if found else behind
    if not subject.whose:
        subject, tail = _subject_behind(subject, tail, is_of_spend=is_of_spend)
    if not (subject.whose or has_noun or is_of_spend):
        return None
    is_asked = (
        is_asked or bool(_ABOUT & {*texts}) or (verb in _CHANGING and texts[-1:] not in (["to"], ["at"]))
    )  # it may be raised by that
    periods = list(subject.periods)
    if periods and not has_period:
        limit = f"{limit} {periods.pop(0)}"
    tail = "".join(f" {period}" for period in periods) + tail  # a second period is refused
    return _order(subject, limit, tail, is_asked=is_asked)


def _given(before: Sequence[str], amount: str, behind: str) -> str | None:
    """Return the question back of `give ana 500`, which says neither of what nor for how long; else None."""
    found = _BEHIND_AMOUNT.match(behind)
    whose = _subject(before).whose
    is_alone = not behind or bool(found and found.end() == len(behind))
    is_name = whose and not _NO_NAMES & {*map(str.lower, whose.split())} and not _YEAR.fullmatch(amount)
    return _order(_Subject(whose), f"{amount}{behind}", "", is_asked=True) if is_alone and is_name else None


def _is_calculated(texts: Sequence[str], line: str) -> bool:
    """Return whether a limit is to be calculated from the one there is: `double ana's budget`, `raise ana by 100`."""
    is_about_limit, second = bool(LIMITS & {_owner(text) for text in texts}), "".join(texts[1:2])
    if is_about_limit and (texts[0] in _CALCULATING or (texts[0] in _ADDING and _AMOUNT.fullmatch(second))):
        return True
    found = _BY.fullmatch(line) if texts[0] in _CHANGING else None
    return found is not None and (is_about_limit or not _NO_NAMES & {*found["name"].lower().split()})


def _without_former(words: Sequence[str]) -> list[str]:
    """Return words without the former limit: `from 500 a month`."""
    texts = [word.lower() for word in words]
    for place, text in enumerate(texts):
        if text == "from" and place + 1 < len(texts) and _AMOUNT.fullmatch(texts[place + 1]):
            return [*words[:place], *words[len(words) - 1 :]]
    return list(words)


def _subject(words: Sequence[str]) -> _Subject:
    """Return whom words before an amount name, and on which model."""
    said = _PER_UNIT.sub(lambda found: _OF_UNIT[found[1].lower()], " ".join(words)).split()
    chunks: dict[str, list[str]] = {"": [], "for": [], "on": []}
    place = ""
    periods = tuple(word.lower() for word in said if word.lower() in _PERIODS)
    for word in said:
        text = word.lower()
        if text in _ON or text in _FOR:
            place = "on" if text in _ON else "for"
        elif text not in _PERIODS and _owner(text) not in _DROPPED:
            chunks[place].append(word)
    whose, rest = _possessor(chunks[""])
    if whose:
        model = rest or chunks["on"] or chunks["for"]
    elif chunks["for"]:
        whose, model = chunks["for"], rest or chunks["on"]
    else:
        whose, model = (rest, chunks["on"]) if rest else (chunks["on"], [])
    return _Subject(" ".join(whose), " ".join(model), periods)


def _possessor(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words of a possessor, such as `ana's` or `our`, and what stands behind them."""
    for place in range(len(words), 0, -1):
        text = words[place - 1].lower()
        if text in {"my", "our"} or text.endswith(("'s", "s'")):
            return list(words[:place]), list(words[place:])
    return [], list(words)


def _subject_behind(subject: _Subject, tail: str, *, is_of_spend: bool) -> tuple[_Subject, str]:
    """Return whom the words behind a limit name, and on which model; and the words behind those.

    A limit `on opus` is said as one `on ana` is, unless it is one of what is spent on it.
    """
    said: dict[bool, str] = {}
    while (found := _SUBJECT_BEHIND.match(tail)) and (is_on := found["how"].lower() in _ON) not in said:
        said[is_on] = re.sub(r"(?i)^(?:the|a|an) ", "", found["what"])
        tail = tail[found.end() :]
    model = subject.model or said.get(True, "")
    whose = said.get(False, "")
    if not whose and not is_of_spend:
        whose, model = model, ""
    possessor, rest = _possessor(whose.split())
    if possessor and rest:
        whose, model = (
            " ".join(possessor),
            model or " ".join(word for word in rest if word.lower() not in {*_DROPPED, "tasks"}),
        )
    return _Subject(whose, model, subject.periods), tail


def _order(subject: _Subject, limit: str, tail: str, *, is_asked: bool = False) -> str:
    """Return the command that sets a limit, or that asks back where it isn't clear whose it is."""
    whose, model = subject.whose, subject.model
    on, whom = _MODEL_BEHIND.search(tail), _FOR_WHOM.search(tail)
    if on and not model and on["model"].lower() not in _NO_MODEL:
        model, tail = on["model"], f"{tail[: on.start()]}{tail[on.end() :]}"
    elif whom and not model and whose and " " not in whose and not _is_known(whose):
        whose, model, tail = whom["whom"], whose, tail[: whom.start()]
    of_model = [f"model:{quote(model)}"] if model else []
    return " ".join(["budget", *_scope(whose, is_asked=is_asked), f"{limit}{tail}", *of_model])


def _is_known(whose: str) -> bool:
    return whose.lower() in {*TEAM, *EACH, *ONESELF, *OF_ALL} or whose.startswith(("@", "<@"))


def _scope(whose: str, *, is_asked: bool = False) -> list[str]:
    """Return whose limit it is as it can be typed; `alert` before it, or alone, asks back."""
    name = re.sub(r"(?i)^the ", "", _owner(whose))
    said = name.lower()
    if said in ONESELF:
        return ["request"]
    if said in OF_ALL:
        return ["everyone"]
    if said in EACH:
        return ["alert", "default"]
    asking = ["alert"] if is_asked or not said else []
    return [*asking, *(["team"] if said in TEAM else [name] if said else [])]


def _named(line: str) -> str | None:
    """Return the order of `max 300 a month for ana`, and the question back of `ana: 300 a month`; else None."""
    found = _AT_MOST.fullmatch(line)
    is_clear = found is not None and re.search(rf"(?:{_PERIOD})$", found["amount"], re.IGNORECASE) is not None
    found = found or _NAMED.fullmatch(line) or _SPENDER.fullmatch(line)
    if found is None:
        return _stated(line)
    said = found.groupdict("")
    name = re.sub(r"(?i)^the ", "", (said["name"] or said["who"]).removesuffix(":"))
    if name.lower() not in {*TEAM, *EACH, *OF_ALL} and _NOT_IN_NAMES & {*name.lower().split()}:
        return _stated(line)
    limit, tail = said["amount"] or said["limit"], said["tail"] or said.get("behind", "")
    return _order(_Subject(name), limit, tail, is_asked=not is_clear)


def _stated(line: str) -> str | None:
    """Return the question back of `ana's limit should be 400`, which states a limit and orders none; else None."""
    found = _STATED.fullmatch(line)
    if found is None:
        return None
    said = found.groupdict("")
    subject = _subject((said["name"] or said["whom"]).split())
    name = _owner(subject.whose)
    limit = " ".join([said["amount"], *subject.periods])
    if name.lower() in ONESELF and not subject.model:
        return f"budget alert {limit}{said['tail']}"
    is_name = name.lower() in {*TEAM, *EACH, *OF_ALL} or not _NOT_IN_NAMES & {*name.lower().split()}
    return _order(_Subject(name, subject.model), limit, said["tail"], is_asked=True) if is_name else None


_NO_NAMES = {
    *LIMITS, *FILLER, *_NO_SUBJECT, *MONTHS, *WEEKDAYS, *ONESELF, "us", "we", "top", "by", "day", "days", "week",
    "weeks", "month", "months", "quarter", "year", "since", "until", "last", "past", "next", "first",
} - {"team", "the"}  # fmt: skip
"""What is nobody's name in `give ana 500`."""
_NOT_IN_NAMES = {
    *LIMITS, *FILLER, *_NO_SUBJECT, "top", "by", "backtest", "over", "above", "under", "below", "than", "more", "less",
    "least", "who", "whose", "which", "when", "if", "since", "from", "until", "every", "extra", "nobody", "he", "she",
    "they",
}  # fmt: skip


# --- no amount -----------------------------------------------------------------------------------


def _unlimited(line: str) -> str | None:
    """Return the order to let somebody spend without a limit; None if a line does not say so."""
    found, how = _UNLIMITED.fullmatch(line), "unlimited"
    if found is None:
        found, how = _NO_LIMIT.fullmatch(line), "drop"
    if found is None:
        return None
    subject = _subject((found["name"] or found["whom"]).split())
    is_named = subject.whose and not _NO_SUBJECT & {*subject.whose.lower().split()}
    return _removal_of(subject, how) if is_named else None


def _without_amount(words: Sequence[str]) -> str | None:
    """Return the order to remove a limit, or the one to set somebody's, which will ask for the amount; else None."""
    how, words = _ending(words)
    texts = [word.lower() for word in words]
    if not LIMITS & {_owner(text) for text in texts[1:]} or _NO_SUBJECT & {*texts}:
        return None
    if how == "pause":
        return _pause(words)
    if how:
        return _removal_of(_subject(words[1:]), how)
    subject = _subject(words[1:])
    is_unclear = subject.model or subject.whose.lower() in {*ONESELF, ""} or any(map(_HAS_DIGIT.search, texts))
    return (
        None if texts[0] not in _SETTING or "by" in texts or is_unclear else f"budget {' '.join(_scope(subject.whose))}"
    )


def _ending(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return what a verb does to a limit, empty if nothing, and the words without the second one of the verb."""
    texts = [word.lower() for word in words]
    for (first, second), how in _ENDING_BESIDE.items():
        if texts[0] == first and second in texts:
            place = texts.index(second)
            others = [*words[:place], *words[place + 1 :]]
            return how, ["of" if word.lower() == "from" else word for word in others]  # `away from ana`
    return _ENDING.get(texts[0], ""), list(words)


def _pause(words: Sequence[str]) -> str:
    """Return the order to pause a limit, which is asked back; if it says until when, that to snooze its alerts."""
    line = _FOR_NOW.sub("", " ".join(words[1:]))
    if until := _UNTIL.search(line):
        subject = _subject(line[: until.start()].split())
        if subject.whose and not (subject.model or subject.periods):
            whose = [word for word in _scope(subject.whose) if word not in {"request", "alert"}]
            return " ".join(["snooze", *whose, until["until"]])
    return _removal_of(_subject(line.split()), "pause")


def _removal_of(subject: _Subject, how: str) -> str:
    """Return the order to remove limits; of everybody's none is removed, but asked which.

    What `how` does not say clearly stands before whose limit it is, and is asked back or refused.
    """
    words = [word for word in subject.whose.split() if word.lower() not in _ALL] or subject.whose.split()
    name = re.sub(r"(?i)^the ", "", _owner(" ".join(words)))
    said = name.lower()
    if said in {"", *EACH, *OF_ALL, *_ALL}:
        return "budget everyone remove" if how in {"remove", "unlimited"} else f"budget {how} everyone"
    whose = "me" if said in ONESELF else "team" if said in TEAM else name
    model = "" if subject.model.lower() in _ALL else subject.model
    of_model = f"model:{quote(model)}" if model else ""
    is_every = how == "remove" and not subject.periods and _EACH_OF_THEM & {*f"{subject.whose} {subject.model}".split()}
    of_all = "all" if is_every else ""
    of_whom = [whose, *subject.periods[:1]]
    said_how = [*of_whom, how] if how in {"remove", "unlimited"} else [how, *of_whom]
    return " ".join(filter(None, ["budget", *said_how, of_all, of_model]))


def _owner(word: str) -> str:
    """Return a word without the ending of a possessive: `@ana's`."""
    return word.removesuffix("'s").removesuffix("'")
