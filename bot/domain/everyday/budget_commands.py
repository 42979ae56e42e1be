"""Budgets in everyday words: `set budget for @ana to $500`, `who is over budget`, `how much do I have left`."""

import re
from decimal import Decimal

from bot.domain.everyday.coming_times import COMING, DAY
from bot.domain.everyday.limit_orders import EACH, LIMITS, TEAM, limit_order
from bot.domain.everyday.vocabulary import EVERYBODY, FILLER, ONESELF, US

_BUDGETS = LIMITS - {"cap", "caps", "ceiling", "quota"}
_LISTING = {
    *FILLER, *ONESELF, "left", "remaining", "all", "every", "our", "set", "there", "much", "we", "us", "who", "who's",
}  # fmt: skip
_TEAMS = "team's"
_OF_SEVERAL = {"budgets", "limits"}  # `the team's budgets` may be those of its people
_AROUND = {
    "the", "a", "an", "for", "of", "on", "at", "to", "as", "from", "with", "please", "can", "could", "would", "you",
    "hey", "hi", "ok", "okay",
}  # fmt: skip
_HAS_AMOUNT = re.compile(r"\d")
_BY_THEN = (
    rf"(?:(?: at (?:this|the current) (?:rate|pace))?(?: (?:for|in|this|the|until|till|before|by|on))* {COMING}"
    r"|(?: at (?:this|the current) (?:rate|pace))|(?: (?:for )?(?:the|this) (?:week|month|day))"
    r"|(?: (?:again|now|soon|then|today)))*"
)
"""What may stand behind a question about budgets, and changes nothing of it; any other word does."""
_WHOSE = r"(?:(?:the|their|there|they're|its|his|her|my|our) )?"
_NOW = (
    r"(?: (?:today|now|right now|already|so far|currently|this (?:week|month)"
    r"|(?:at|by|before|until) (?:the )?end of (?:the|this) (?:day|week|month)))?"
)
_EARLIER = (
    r"(?: (?:on )?(?P<earlier>yesterday|last (?:week|month|quarter|year)"
    r"|(?:last )?(?:mon|tues|wednes|thurs|fri|satur|sun)day))?"
)
_BY_PERIOD = re.compile(
    r"(?<!\S)(?:daily|weekly|monthly) (?=(?:budgets?|limits?)(?!\S)(?!.* (?:reports?|summary|updates?)(?!\S)))",
    re.IGNORECASE,
)
_TIME_OF = r"(?: (?:for|in|of|on|during|as of))?"
_PRESENT = re.compile(
    rf"{_TIME_OF} (?:today|right now|(?:the )?rest of (?:the|this) (?:day|week|month)"
    r"|(?:this|the|the current) (?:day|week|month))(?:'s)?(?!\S)",
    re.IGNORECASE,
)
_GONE_BY = re.compile(rf"{_TIME_OF} (?P<time>yesterday|last (?:week|month|quarter|year))(?:'s)?(?!\S)", re.IGNORECASE)
_OVER = r"(?:over|above|past|beyond|exceed(?:s|ed|ing)?|within|under|inside|on|near|close to)"
_ANYBODY = r"(?:anyone|anybody|someone|somebody|everyone|everybody|people|members|which (?:people|members))(?: else)?"
_WHO_IS_OVER = re.compile(
    rf"(?:(?:is|are|has|have|did|show|list|tell|me) ){{0,3}}(?:who(?:'?s|se|'?re)?(?: else)?|{_ANYBODY})"
    r"(?: (?:is|are|has|have|went|go|goes|all|gone|going|who))*"
    rf" (?:over|above|past|beyond|exceed(?:s|ed|ing)?)(?: {_WHOSE}(?:budgets?|limits?))?{_NOW}{_EARLIER}"
    rf"|(?:(?:did|has|have|show|list|tell|me) ){{0,3}}(?:who(?: else)?|{_ANYBODY})(?: (?:has|have|already|who))*"
    rf" (?:hit|hits|reach(?:es|ed)?|pass(?:es|ed)?|blew|blown|used up|maxed out) {_WHOSE}(?:budgets?|limits?)"
    rf"{_NOW}(?: (?:on )?(?P<then>yesterday|last (?:week|month)))?"
    rf"|(?:(?:show|list|me|all|what's|whats|what|is) ){{0,3}}over {_WHOSE}(?:budgets?|limits?){_NOW}"
)
_IS_SOMEBODY_OVER = re.compile(
    r"(?:is|are|am|has|have|did|does|do|will|was)(?P<name>(?: \S+?){1,4}?)"
    rf"(?: (?:going|gone|go|be|getting|went|still))*(?: to (?:be|go))? {_OVER} {_WHOSE}(?:budgets?|limits?)"
    rf"{_NOW}{_EARLIER}"
)
_IS_SOMEBODY_JUST_OVER = re.compile(
    r"(?:is|are|am|was|were|did|has|have|will)"
    r"(?P<name>(?: (?!(?:spen[dt]|day|week|month|quarter|year|it|this|that)(?!\S))\S+?){1,4}?)"
    rf"(?: (?:going|gone|go|be|still|already))*(?: to (?:be|go))? over(?: it| that| this)?{_NOW}{_EARLIER}"
)
_OVERSPENT = re.compile(r"(?<!\S)overspen(?:d|ds|t|ding)(?!\S)")
_WHO_IS_NEAR = re.compile(
    rf"(?:who(?:'?s)?(?: else(?:'s)?)?|is {_ANYBODY}|{_ANYBODY})(?: (?:is|are|getting|going|very|almost|nearly))*"
    rf" (?:near|close to|about to (?:exceed|pass)|almost at|almost over|nearly over) {_WHOSE}(?:budgets?|limits?)"
)
_BUDGET = r"(?:(?:an?|any|their|set|own|monthly|daily|weekly|personal|the) )*(?:budgets?|limits?|caps?)"
_LACKS = (
    r"(?:(?:has|have|with|having|got) )?(?:no|without|without any|not got|not having"
    r"|(?:doesn't|don't|do not|does not|dont|doesnt|haven't|hasn't) (?:have|got)|lacks?|lacking|missing"
    r"|isn't on|aren't on|not on)"
)
_WHO_HAS_NONE = re.compile(
    r"(?:(?:is|are|show|list|tell|me|all|the|of|how many|there) ){0,4}"
    rf"(?:who|who's|whos|{_ANYBODY}|(?:which |what )?(?:users|persons|members|people|teammates|colleagues))"
    rf"(?: (?:still|yet|is|are|who|that|currently))* {_LACKS} {_BUDGET}(?: (?:yet|set|at all|of their own|now))*"
)
_OVER_A_STEP = re.compile(
    rf"(?:(?:show|list|tell|me|who|who's|whos|is|are|has|{_ANYBODY}) ){{1,4}}(?:(?:is|are|has|who|used|spent|at) )*"
    r"(?:over|above|past|beyond|at|near|more than|at least|close to) \d{1,3} ?%"
    rf"(?: of {_WHOSE}(?:budgets?|limits?))?{_NOW}"
)
_I_AM_OVER = re.compile(
    r"(?:oh |ok |so )*(?P<whose>i'm|im|i am|we're|we are) over"
    r"(?: (?:it|now|what|how|to|do|i|we|should|can|and|so|ok|then|already|again|help|please|budget|my|our|limit|the))*"
)
_IS_IT_OVER = re.compile(rf"(?:is|was|are) (?:it|that|this|they)(?: (?:still|already))? over{_NOW}")
_HOW_LONG = re.compile(
    r"(?:how long|when|how soon|will|does|do|on what day)(?: (?:will|does|do|is|can))?(?P<name>(?: \S+?){1,4}?)"
    r" (?:budgets?|limits?)(?: (?:going to|be))* (?:last|lasts|run out|runs out|reset|resets|end|ends|renew|renews"
    r"|start again|starts again|used up|gone|enough)" + _BY_THEN
)
_WHEN_PASSED = re.compile(
    r"(?:when|will|how soon|on what day)(?: (?:will|does|do|is|are|would))?(?P<name>(?: \S+?){1,4}?)"
    rf"(?: (?:going|gonna|to|likely|probably))* (?:hit|reach|pass|exceed|use up|blow|break|get to)"
    rf" {_WHOSE}(?:budgets?|limits?){_BY_THEN}"
)
_OF_A_BUDGET = re.compile(
    r"(?:how much|what)(?: is|'s)? (?:left )?(?:of|in|on)(?P<name>(?: \S+?){1,4}?) (?:budget|limit)"
    rf"(?: (?:is|are|has|have|been|do|does|i|we|still|already|got))* ?(?:left|remaining|used|spent|gone|used up)?{_NOW}"
)
_HOW_MUCH_OF_IT = re.compile(
    rf"how (?:much|far) (?:(?:over|above|past) )?(?:of )?{_WHOSE}(?:budget|limit) (?:is|are|am|has|have|did)"
    r"(?P<name>(?: \S+?){1,4}?)(?: (?:over|used|spent|use))?"
)
_LEFT = re.compile(
    r"(?:how much|what)(?: (?:money|budget))?(?:'s| is| do| does| have| has| did| are)(?P<name>(?: \S+?){0,4}?)"
    r"(?: (?:still|got|have))*"
    r" (?:left|remaining)(?: to spend)?(?: (?:of|in|on|from) (?:my|our|the|their) (?:budget|limit))?"
    rf"{_NOW}"
)
_LEFT_FOR = re.compile(
    r"(?:how much|what|what's|whats)(?: (?:money|budget))?(?: is)?(?: still)? (?:left|remaining) for"
    rf"(?P<name>(?: \S+?){{1,3}}?){_NOW}"
)
_IS_ANY_LEFT = re.compile(
    r"(?:do|does|have|has|is)(?P<name>(?: \S+?){0,4}?)(?: (?:still|got|have|any|some|there)){0,4}"
    rf" (?:budget|money) (?:left|remaining){_NOW}"
)
_OWN = re.compile(r"(?<!\S)my(?!\S)")
_MAY_SPEND = re.compile(
    r"(?:how much|what)(?: more)?(?: money)? (?:can|may|could|am|is|are)(?P<name>(?: \S+?){1,4}?)"
    rf"(?: (?:still|allowed|able|to)){{0,4}} spend(?: more)?(?: still)?{_NOW}{_BY_THEN}"
)
_AGAINST = r"(?:against|vs|versus|compared (?:to|with)|relative to)"
_AGAINST_BUDGET = re.compile(
    rf"(?:where|how) (?:are|am|is|do|does)(?P<name>(?: \S+?){{1,3}}?)(?: (?:doing|stand|standing|at))?"
    rf" {_AGAINST} {_WHOSE}(?:budgets?|limits?){_NOW}"
)
_HOW_CLOSE = re.compile(
    rf"how (?:close|near) (?:is|are|am)(?P<name>(?: \S+?){{1,3}}?) (?:to )?{_WHOSE}(?:budgets?|limits?){_NOW}"
)
_ACTUAL = r"(?:actuals?|spend|spending|actual spend)"
_ACTUAL_AND_BUDGET = re.compile(rf"{_ACTUAL} {_AGAINST} {_WHOSE}(?P<name>)(?:budgets?|limits?){_NOW}")
_STATES = (
    _AGAINST_BUDGET, _HOW_CLOSE, _ACTUAL_AND_BUDGET,
    _OF_A_BUDGET, _IS_SOMEBODY_OVER, _IS_SOMEBODY_JUST_OVER, _LEFT, _LEFT_FOR, _IS_ANY_LEFT, _MAY_SPEND,
    _HOW_MUCH_OF_IT, _HOW_LONG, _WHEN_PASSED,
)  # fmt: skip
_MORE = re.compile(
    r"(?:(?:can|could|may|how (?:do|can)) i (?:please )?(?:get|have|ask for|request)|i(?:'d)? (?:need|want|like)"
    r"|ask for|request|please|give me|raise|increase)?(?: to)?(?: a)?"
    r" ?(?:(?:more|higher|bigger|larger) (?:budget|limit|allowance|money|credits?)|my (?:budget|limit|allowance))"
    r"(?: please)?"
)
_RAISING_MINE = re.compile(r"^(?:raise|increase) my |more|higher|bigger|larger")
_AMOUNT = r"[$€£]?\d[\d.,]*(?:k|cr)?(?: (?:dollars?|usd|bucks|credits?))?"
_THOUSANDS = re.compile(r"^(?P<sign>\$?)(?P<number>\d{1,4}(?:\.\d{1,2})?)k(?P<period>(?:/\S+)?)$", re.IGNORECASE)
_A_PERIOD = r"(?:(?: ?/ ?| an? | per | each | every )(?:days?|weeks?|months?)| (?:daily|weekly|monthly))"
_CHANGED_BY = {"double", "doubled", "halve", "triple", "add", "subtract", "deduct", "take", "knock"}
_ASKING_FOR = re.compile(
    r"(?:(?:please|hey|hi|i(?:'d)? (?:like|want|need) to) ){0,3}"
    r"(?:(?:can|could|may) (?:i|you) (?:please )?(?:have|get|spend|ask for|request)|i(?:'d)? (?:want|need|like)"
    r"|ask for|request)(?: a| to have| to spend| budget| limit| of){0,6}"
    rf" (?P<amount>{_AMOUNT}(?:{_A_PERIOD}|(?= (?:until|till|through|thru|for|because|please|to)(?!\S))|(?!.)))"
    r"(?P<rest>(?: .*)?)",
    re.IGNORECASE,
)
_ALERTING = re.compile(
    r"(?:please )?(?:alert|warn|notify|tell|ping|message|dm|let)(?: (?:me|us))?(?: know)?"
    r" (?:when(?:ever)?|if|once|as soon as|at|before|after)(?P<name>(?: \S+?){0,4}?)"
    r"(?: (?:passes|pass|exceeds?|reach(?:es)?|hits?|spends?|goes|go|costs?|has|have|spent|is|are|am|gets?|at|more|over"
    rf"|above|than|to))* (?P<amount>{_AMOUNT}(?:{_A_PERIOD})?)(?: this (?P<this>day|week|month))?",
    re.IGNORECASE,
)
_ON_ONE_MODEL = re.compile(
    rf" (?:on|with|using|for) (?!(?:today|tomorrow|now|it|that|{DAY})(?!\S))(\S+) (?:only|alone|tasks(?: only)?)$",
    re.IGNORECASE,
)
_UNMEANT = re.compile(r"^(?: (?:the|a|an|of|for|to|get|in|on|our(?= team)))+(?!\S)", re.IGNORECASE)
_UNNAMED = {
    "this week", "this month", "the week", "the month", "today", "it", "that", "this", "these", "those", "they", "she",
    "he", "any", "one", "week", "month", "day", "rest of the week", "rest of the month", "rest of this month", "now",
}  # fmt: skip
_EVERYBODY = {*EACH, *EVERYBODY, "someone", "somebody"}
_SUGGESTING = {"suggest", "suggests", "suggestion", "suggestions", "suggested", "recommend", "recommended", "propose"}

_IN_SUGGESTING = {
    *_SUGGESTING, *_BUDGETS, *_AROUND, *_LISTING, *_EVERYBODY, _TEAMS, "would", "should", "which", "default", "good",
    "sensible", "reasonable", "fair", "best", "new", "person", "personal", "member", "monthly",
}  # fmt: skip
"""What may stand beside these and changes nothing, as limits are suggested for everybody alike."""


def budget_line(words: list[str], texts: list[str]) -> str | None:
    """Return the command about budgets that the words of a line ask for; None if they ask for none.

    `texts` are the words in lower case. Amounts and names stay as typed.
    """
    if texts[0] in {"budget", "budgets"} | ({"threshold"} if len(texts) > 1 else set()):
        return None  # a command already
    if not any('"' in word for word in words):
        words = [_THOUSANDS.sub(_in_full, word) for word in words]
        words = _ON_ONE_MODEL.sub(r" model:\1", " ".join(words)).split(" ")
        texts = [word.lower() for word in words]
    line = " ".join(words)
    if (found := _state_of(line) or _order(line, words)) is not None:
        return found
    if _SUGGESTING & set(texts) and _BUDGETS & set(texts) and not _HAS_AMOUNT.search(line):
        return " ".join(["budget suggest", *(word for word in words if word.lower() not in _IN_SUGGESTING)])
    line, earlier = without_time(_BY_PERIOD.sub("", line))
    listing = _about_budgets(line.split(" "), line.lower().split(" "))
    return f"{listing} earlier {earlier}" if listing and earlier else listing


def without_time(line: str) -> tuple[str, str]:
    """Return a line about budgets without the time that it names, and that time if it has gone by: `last month`.

    A listing shows how budgets stand now, so that a time that still goes on changes nothing of it.
    """
    past = _GONE_BY.search(f" {line}")
    return _GONE_BY.sub("", _PRESENT.sub("", f" {line}")).strip(), past["time"].lower() if past else ""


# --- how budgets stand ---------------------------------------------------------------------------


def _state_of(line: str) -> str | None:
    """Return the listing that `who is over budget` and `how much does ana have left` ask for."""
    said = _OVERSPENT.sub("over budget", line.lower())
    if found := _WHO_IS_OVER.fullmatch(said):
        return _as_it_stood("budgets over", found)
    if found := _I_AM_OVER.fullmatch(said):
        return "budgets me" if found["whose"].startswith("i") else "budgets team"
    if _WHO_HAS_NONE.fullmatch(said):
        return "budgets none"
    if any(each.fullmatch(said) for each in (_WHO_IS_NEAR, _OVER_A_STEP, _IS_IT_OVER)):
        return "budgets"  # the most used stand first
    for pattern in _STATES:
        if found := pattern.fullmatch(said):
            begun, end = found.span("name")
            name = _UNMEANT.sub("", line[begun:end]).strip()
            return _as_it_stood(_listing_of("me" if not name and _OWN.search(said) else name), found)
    return None


def _as_it_stood(listing: str, found: re.Match[str]) -> str:
    """Return the listing with the time gone by that the line asks about, if it does."""
    groups = found.groupdict()
    earlier = groups.get("earlier") or groups.get("then")
    return f"{listing} earlier {earlier}" if earlier else listing


def _listing_of(name: str) -> str:
    said = name.lower()
    if said in TEAM | US:
        return "budgets team"
    if said in {"", *_EVERYBODY, *_UNNAMED}:
        return "budgets"
    return "budgets me" if said in ONESELF else f"budgets {_owner(name)}"


# --- what is to be done --------------------------------------------------------------------------


def _order(line: str, words: list[str]) -> str | None:
    """Return the order that `give mei 50 dollars a day`, `warn me at $500` and `can I get more budget` give."""
    if found := _ALERTING.fullmatch(line):
        period = f"a {found['this']}" if found["this"] else ""
        return " ".join(filter(None, ["budget alert", *_scope(found["name"].strip()), found["amount"], period]))
    if (found_order := limit_order(words)) is not None:
        return found_order
    if found := _ASKING_FOR.fullmatch(line):
        return f"budget request {found['amount']}{found['rest']}"
    said = line.lower()
    return "budget request" if _MORE.fullmatch(said) and _RAISING_MINE.search(said) else None


def _scope(name: str) -> list[str]:
    """Return whose budget an alert is about, as it can be typed; nothing if that is not said."""
    said = name.lower()
    if said in TEAM | US:
        return ["team"]
    if said in _EVERYBODY:
        return ["default"]
    return [] if said in {"", *ONESELF, "it", "that", "spend", "spending", "cost", "costs"} else [_owner(name)]


def _in_full(found: re.Match[str]) -> str:
    """Return an amount such as `2k` in full."""
    return f"{found['sign']}{Decimal(found['number']) * 1000:.0f}{found['period']}"


def _about_budgets(words: list[str], texts: list[str]) -> str | None:
    place = next((place for place, text in enumerate(texts) if text.removesuffix("'s") in _BUDGETS), None)
    if place is None or _CHANGED_BY & set(texts):
        return None  # names no limit
    rest = [word for at, word in enumerate(words) if at != place and texts[at] not in _AROUND]
    lowered = [word.lower() for word in rest]
    known = _LISTING | {_TEAMS} if texts[place] in _OF_SEVERAL else _LISTING
    if all(text in known or text in _BUDGETS for text in texts):
        is_own = ONESELF - {"me"} & set(texts) and _TEAMS not in texts  # not `show me all budgets`
        return "budgets me" if is_own else "budgets"
    named = [word for word, text in zip(rest, lowered, strict=True) if text not in known]
    return f"budgets {_owner(' '.join(named))}" if named and _are_of_somebody(words, named) else None


def _are_of_somebody(words: list[str], names: list[str]) -> bool:
    """Return whether a line asks for the budget of whoever words name: `ana's budget`, `budget of ana`, `@ana`."""
    place = words.index(names[0])
    if words[place : place + len(names)] != names:
        return False
    before = words[place - 1].lower() if place else ""
    is_owner = words[0].lower() in {"show", "see"} and names[-1].endswith("s") and "by" not in names
    is_asked = is_owner or words[0].lower() in {"what", "what's", "whats"}
    is_teams = " ".join(names).lower() == "team"
    return (
        is_asked
        or is_teams
        or names[-1].lower().endswith("'s")
        or before in {"of", "for"}
        or names[0].startswith(("@", "<@"))
    )


def _owner(word: str) -> str:
    """Return a word without the ending of a possessive: `@ana's`."""
    return word.removesuffix("'s").removesuffix("'")
