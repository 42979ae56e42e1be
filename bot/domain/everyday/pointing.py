"""Lines that point back to the command before them: `how much of it is used` after a budget, `when will it run out`."""

import re

from bot.domain.access import RefusedError
from bot.domain.everyday.card_commands import TEAM_CARD
from bot.domain.everyday.credit_commands import credit_line
from bot.domain.everyday.dates import MONTHS, WEEKDAYS
from bot.domain.everyday.typography import plain

_IT = r"(?:it|that|this|them|those|these|(?:the|that|this) (?:budget|limit|balance))"
_THAT = r"(?:it|that|this|them|those|these)(?: (?:budget|limit)s?)?"
_PERIOD = r"(?:(?:this|next|the) )?(?:end of (?:the |this |next )?)?(?:day|week|month|quarter|year)"
_WHEN = (
    r"(?: (?:soon|yet|then|now|today|tonight|tomorrow|at this rate"
    rf"|(?:in|by|before|until|till|for|on) {_PERIOD}"
    rf"|(?:this|next) (?:week|month|quarter|year)|(?:by|before|until|till|on|in) (?:{'|'.join((*WEEKDAYS, *MONTHS))})"
    r"|(?:by|before|until|till) (?:today|tonight|tomorrow|then)))*"
)
_RUN_OUT = re.compile(
    r"(?:(?:and|so|when|how soon|will|do|are|is|we|i|they|the team|it|going|to|gonna) )+(?:run|running) out"
    rf"(?: of (?:it|money|credits?|budget|the budget))?{_WHEN}"
)
_THEN = r"(?:(?:and|so|ok|okay|but|now|then|well|thanks) )*"
_STILL = r"(?: (?:still|already|now|actually|about|almost|nearly|very|quite|so far|today|right now|yet|any|me|us))*"
_VERB = r"(?: (?:is|are|was|were|has|have|do|does|did|will|been|be|going|to|gonna|get|gets|got|go|they|there))*"
_LEFT = r"(?:left|remaining|remains|used|used up|spent|gone|over|available|free|open)"
_STATE = re.compile(
    rf"{_THEN}(?:how much|what|whats|what's|how many)(?: (?:more|money|credits?))?(?: of {_IT})?{_VERB}{_STILL} {_LEFT}"
    rf"(?: (?:of|in|on|from) {_IT})?{_STILL}"
    rf"|{_THEN}(?:what|which) (?:percent(?:age)?|share|part) of {_IT}{_VERB}{_STILL} {_LEFT}{_STILL}"
    rf"|{_THEN}how (?:full|far|much|close|bad) (?:is|are) {_IT}(?: (?:along|used|over))?{_STILL}"
    rf"|{_THEN}(?:is|are|was|has|have|did|will|does|do)(?: {_IT}){_VERB}{_STILL}"
    rf" (?:over|exceeded|used up|passed|spent|gone|empty|near|close|ok|okay|fine|enough|last|run out|end)"
    rf"(?: {_IT}| (?:budget|limit))?{_WHEN}"
    rf"|{_THEN}(?:(?:when|how soon|what day|on what day){_VERB} {_IT}{_VERB}"
    r" (?:resets?|ends?|starts?(?: (?:again|over|anew))?|renews?|refresh(?:es)?|runs? out|used up|gone|over|empty)"
    rf"|(?:when|how soon){_VERB} {_IT}"
    rf"|(?:for )?how long{_VERB}(?: {_IT})?{_VERB} (?:last|lasts|enough|good|valid|left))"
)
_OF_WHOM = re.compile(
    rf"{_THEN}(?:who|who's|whos|anyone|anybody|which (?:people|members)){_VERB}{_STILL}"
    rf" (?P<side>near|close to|over|above|past|beyond|under|within)(?: {_IT})?"
)
_CHANGE = re.compile(
    rf"{_THEN}(?:(?:please|can you) )*(?:raise|increase|lower|reduce|decrease|change|set|make|cut|double|halve|bump)"
    rf" {_THAT}(?: .*)?|{_THEN}(?:remove|delete|drop|cancel|clear|end) {_THAT}"
)
_ANOTHER = re.compile(
    rf"{_THEN}(?:(?:what|how) about|and|same for|also) (?P<whose>@\S+|<@[^ >]+>|(?:the )?team|me|mine)", re.IGNORECASE
)
_MORE = re.compile(
    rf"{_THEN}(?:(?:can|could|may) (?:i|we) (?:get|have|ask for)|i need|give me|ask for|request) more"
    rf"(?: (?:budget|money|credits?|of (?:it|that|this)))?(?: please)?{_WHEN}"
)
_WHY = re.compile(
    rf"{_THEN}(?:(?:why|how come)(?: (?:is|are|was|did|does|do|has|have|it|that|this|they|she|he|get|got|so|too|much"
    r"|high|expensive|near|close|over|used|spent|full|fast|quickly|already|bad)){0,5}"
    r"|what (?:happened|drove (?:it|that)|caused (?:it|that)|(?:is|was) (?:it|that) spent on)"
    rf"|(?:what|which models?)(?: (?:was|is|did|does))? (?:it|that)(?: (?:spent|used|go))?(?: on)?)"
)
_AVERAGE = re.compile(
    rf"{_THEN}(?:how much|what)(?: (?:is|was|does|do))? {_IT}(?: (?:come to|make))?(?: on average)?"
    r"(?: (?:a|an|per|each|every) \w+)?(?: on average)?"
)
_EACH = re.compile(r"(?<!\S)(?:average|a|an|per|each|every)(?!\S)")
_NO_AVERAGE = "I average spend, not budgets. Ask such as `average per day this month`."
_SET = re.compile(r"budget (?P<who>\S+(?: [^\s$€£\d]\S*)*?) (?:[$€£]?\d.*|remove.*)")
_UNNAMED = {"alert", "default", "file", "apply", "check", "suggest"}
_SUBJECT = re.compile(r"^the ", re.IGNORECASE)
_NO_CHANGE = (
    "I only change a budget that is named. Type `budget @ana 800/month`, or `budget @ana remove month`."
    " To ask for a higher limit of your own, type `budget request 800/month`."
)
_ANOTHER_LIMIT = re.compile(
    r"(?:(?:and|what|how|about|with|or|then|try|for|at|if|it|was|were) )+(?P<limit>[$\u20ac\u00a3]?\d[\d.,]*(?:k|cr)?"
    r"(?: (?:dollars?|usd|bucks|credits?))?(?: ?/ ?| an? | per | each | every )(?:day|week|month))"
)
_ANOTHER_TIME = re.compile(
    r"(?:(?:and|what|how|about|for|ok|then|the|in) )+(?P<time>(?:.* )?"
    r"(?:yesterday|(?:last|this|previous) \w+|\d+ days|\d+d|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*(?: \d{4})?|\d{4}-\d\d))"
)
_TRIED = re.compile(r"backtest (?P<limit>\S+(?: (?:an?|per|each|every) \w+)?)(?P<whom>.*)")


_LONGEST = 100  # characters of a line that points to another


def pointed_line(line: str, before: str | None, *, sees_all: bool = False) -> str | None:
    """Return the command that a line asks for which points to the one before it; None if it points to none.

    It may be a question too, of what budgets were spent on; `sees_all` says that whoever asks sees those of everybody.

    Raises RefusedError if it is to change a budget that it does not name.
    """
    if before is None:
        return None
    first, said = before.partition(" ")[0].lower(), plain(line).rstrip("?!. ")
    if len(said) > _LONGEST:
        return None
    if first in {"budget", "budgets"} and _WHY.fullmatch(said.lower()):
        return _why(before, sees_all=sees_all)
    return _pointed(first, said, before)


def _pointed(first: str, typed: str, before: str) -> str | None:
    """Return the command that a line asks for, as it was `typed`, behind a command with that `first` word."""
    said = typed.lower()
    if first != "balance" and "credit" in said and credit_line(typed.split(), said.split()) == "balance":
        return None  # `how many credits are left` is about Neo's credits after whatever answer
    if first in {"budget", "budgets"}:
        another = _ANOTHER.fullmatch(typed)
        return _about_budgets(said, before) if another is None else f"budgets {_SUBJECT.sub('', another['whose'])}"
    if first in {"", "overview", "digest", "explain"} and (found := _OF_WHOM.fullmatch(said)):
        return _listing_of(found)
    about = {
        **dict.fromkeys(("", "overview"), _about_card),
        "balance": _about_balance,
        "backtest": _tried_again,
        "reconcile": _compared_again,
    }
    return about[first](said, before) if first in about else None


def _about_card(said: str, before: str) -> str | None:
    whose = "team" if before.lower() == TEAM_CARD else "me"
    return f"budgets {whose}" if _STATE.fullmatch(said) else None


def _about_balance(said: str, _before: str) -> str | None:
    return "balance" if _STATE.fullmatch(said) or _RUN_OUT.fullmatch(said) else None


def _compared_again(said: str, _before: str) -> str | None:
    found = _ANOTHER_TIME.fullmatch(said)
    return f"reconcile {found['time']}" if found else None


def _tried_again(said: str, before: str) -> str | None:
    """Return the trial of another limit on whom the one before was tried. Raises RefusedError if it is to be set."""
    if _CHANGE.fullmatch(said):
        raise RefusedError(_NO_CHANGE)
    found, tried = _ANOTHER_LIMIT.fullmatch(said), _TRIED.fullmatch(before)
    return f"backtest {found['limit']}{tried['whom'] if tried else ''}" if found else None


def _about_budgets(said: str, before: str) -> str | None:
    if found := _OF_WHOM.fullmatch(said):
        return _listing_of(found)
    if _STATE.fullmatch(said):
        return _listing_again(before)
    if _CHANGE.fullmatch(said):
        raise RefusedError(_NO_CHANGE)
    if _EACH.search(said) and _AVERAGE.fullmatch(said):
        raise RefusedError(_NO_AVERAGE)
    return "budget request" if _MORE.fullmatch(said) else None


def _listing_of(found: re.Match[str]) -> str:
    """Return the listing of those over their limits, or of all: the most used stand first."""
    return "budgets over" if found["side"] in {"over", "above", "past", "beyond"} else "budgets"


def _why(before: str, *, sees_all: bool) -> str:
    """Return the question of what the budgets before it were spent on, which are of those named, or of all."""
    listed, _, time = f"{_listing_again(before)} ".partition(" earlier ")
    whose = listed.partition(" ")[2].strip()
    if whose in {"", "over", "none"}:
        whose = "team" if sees_all else "me"
    return f"why {whose} {time}".strip()


def _listing_again(before: str) -> str:
    """Return the listing of the budgets that the command before it was about."""
    if before.partition(" ")[0].lower() == "budgets":
        return before
    who = found["who"] if (found := _SET.fullmatch(before)) else ""
    first = who.partition(" ")[0].lower()
    if first == "request" or not who:
        return "budgets me" if first == "request" or before.lower().startswith("budget request") else "budgets"
    return "budgets" if first in _UNNAMED else f"budgets {who}"
