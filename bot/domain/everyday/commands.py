"""Commands in everyday words: `list budgets`, `set budget for @ana to $500`, `hi`, as the commands that they mean."""

import re

from bot.domain.everyday.budget_commands import budget_line
from bot.domain.everyday.card_commands import TEAM_CARD, card_line
from bot.domain.everyday.coming_times import AT_THIS_RATE
from bot.domain.everyday.credit_commands import credit_line
from bot.domain.everyday.failure_commands import failure_line
from bot.domain.everyday.muting_commands import muting_line
from bot.domain.everyday.subscription_commands import subscription_line
from bot.domain.everyday.typography import plain

_HELP = frozenset(
    {
        "", "hi", "hello", "hey", "hey there", "hi there", "hello there", "good morning", "good afternoon", "howdy",
        "help me", "commands", "menu", "start", "what can you do", "what can i ask", "what can i do",
        "what can i ask you", "what can i type",
        "what should i ask", "what should i type", "what can i say", "who are you",
        "who made you", "are you a bot", "what are you",
        "how does this work", "how do i use this", "how do you work", "how to use", "examples", "usage help",
        "please help", "please help me", "can you help", "can you help me", "i need help", "help please", "test",
        "what is this", "what can you do for me", "what do you do", "what now", "how do i start", "ping",
    }
)  # fmt: skip
_COURTESIES = {
    "thanks", "thank", "thx", "ty", "cheers", "ok", "okay", "k", "great", "nice", "cool", "perfect", "awesome", "good",
    "wonderful", "excellent", "lovely", "bye", "goodbye", "welcome", "sorry", "understood",
}  # fmt: skip
_IN_COURTESIES = {
    *_COURTESIES, "you", "very", "so", "much", "a", "lot", "many", "got", "it", "that's", "that", "is", "all", "well",
    "done", "job", "bot", "for", "now", "then", "and", "no", "problem", "see", "later", "night", "this", "really",
}  # fmt: skip
_BEFORE_ALL = {"that's", "that", "thanks", "thank", "thx", "ty", "cheers", "bye", "goodbye"}  # `thanks for all`
_SAID_AT_THE_END = {"got it", "see you", "see you later", "nice one", "makes sense", "well done", "good job"}
_BUDGETS = {"budget", "budgets", "limit", "limits"}
_HOW_TO = re.compile(
    r"how (?:do|can|could|would|should) i (?P<verb>\S+) ?(?P<rest>.*)|how to (?P<to>\S+) ?(?P<what>.*)"
)
_WORD = re.compile(r'(?:"[^"]*"|\S)+')  # what is quoted, such as a reason, is one


def command_line(line: str) -> str | None:
    """Return the command that an everyday line asks for; None if it asks for none, or is in the words of one already.

    Nothing is done by it that a line in the words of the command would not do: amounts and names stay as typed.
    """
    typed = plain(line)
    words = _without_courtesy(_WORD.findall(typed))
    texts = [word.lower() for word in words]
    if " ".join(texts) in _HELP and line.strip():
        return "help"
    if _is_courtesy(texts):
        return "courtesy"
    if texts[:1] == ["what"] and texts[-1] in {"mean", "means"}:  # of a word, which is no budget of somebody's
        return "help budgets" if _BUDGETS & set(texts) else None
    for read in _READERS if words else ():
        if (found := read(words, texts)) is not None:
            return found
    return None


def _without_courtesy(words: list[str]) -> list[str]:
    """Return the words of a line without `please` and the like at its end, unless it is all of it."""
    rest = words
    while rest and rest[-1].lower() in {"please", "pls", "plz"}:
        rest = rest[:-1]
    return rest or words


def _status_line(words: list[str], texts: list[str]) -> str | None:
    """Return the command that says how fresh the data is, what alerts were sent, or shows the digest; else None."""
    said = " ".join(texts)
    for pattern, command in _ABOUT_ITSELF:
        if found := pattern.fullmatch(said):
            begun, end = found.span("whom") if found.groupdict().get("whom") else (0, 0)
            return f"{command} {' '.join(words)[begun:end]}".rstrip()
    return None


def _is_courtesy(texts: list[str]) -> bool:
    words = set(texts)
    is_of_all = "all" in words and not words & _BEFORE_ALL  # `ok now all` goes on from an answer
    is_said_so = bool(_COURTESIES & words) and words <= _IN_COURTESIES and not is_of_all
    return is_said_so or " ".join(texts) in _SAID_AT_THE_END


def _topic_of_how_to(_words: list[str], texts: list[str]) -> str | None:
    """Return the page of the help that `how do I set a budget` asks for; None if it asks for none."""
    found = _HOW_TO.fullmatch(" ".join(texts))
    if found is None:
        return None
    verb, rest = found["verb"] or found["to"], (found["rest"] or found["what"] or "").split()
    if verb in {"subscribe", "unsubscribe", "schedule"}:
        return "help subscriptions"
    if verb in {"export", "download"}:
        return "help files"
    is_about_budgets = bool(_BUDGETS & set(rest))
    return "help budgets" if is_about_budgets and verb in {"set", "make", "create", "add", "change", "remove"} else None


def _linking_line(words: list[str], texts: list[str]) -> str | None:
    """Return the command that ends a link: `unlink @ana`, `remove the link of @ana`; None if none is asked for."""
    if texts[0] == "unlink":
        behind = words[1:]
    elif texts[0] in {"remove", "delete", "undo"} and "link" in texts[1:3]:
        behind = words[texts.index("link") + 1 :]
    else:
        return None
    return " ".join(["link", *(word for word in behind if word.lower() not in {"of", "for", "from", "to"}), "remove"])


def _going_on_line(words: list[str], texts: list[str]) -> str | None:
    """Return what `at this rate, when will we hit our budget` shows; None if what stands behind asks for no figures."""
    begun = _GOING_ON.match(" ".join(texts))
    rest = words[len(begun[0].split()) :] if begun else []
    if not rest:
        return None
    lowered = [word.lower() for word in rest]
    found = (line for read in (credit_line, budget_line, card_line) if (line := read(rest, lowered)) is not None)
    shown = next(found, None)
    is_shown = shown in {"", TEAM_CARD, "balance"} or (shown or "").partition(" ")[0] == "budgets"
    return shown if is_shown else None


_GOING_ON = re.compile(rf"{AT_THIS_RATE}(?!\S)")
_BEFORE_NAME = (
    r"(?!(?:errors?|failures?|failed|it|this|that|these|those|last|next|past|today|yesterday|tonight|tomorrow|now|me|my"
    r"|our|us|all|a|an|any|no|[$€£]?\d\S*)(?!\S)|the (?!team(?!\S)))"
)
"""What stands before whoever is named, and not before a time or failures: `alerts for last week`."""
_ABOUT_ITSELF = (
    (
        re.compile(
            r"(?:how (?:fresh|old|current|recent|up to date) (?:is|are) (?:the|this|your) (?:data|numbers?|figures?)"
            r"|when (?:was|did) (?:this|it|the data|you|that) (?:last )?(?:updated?|read|synced?|refreshed?)(?: last)?"
            r"|when (?:was|is|did) (?:the|your) (?:last|latest|most recent) (?:sync|update|refresh|read)"
            r"|is (?:the|this|your) data (?:fresh|current|old|stale|up to date)|last (?:update|sync)"
            r"|(?:is|are) (?:it|this|neo|you|the bot|everything|something|anything)"
            r" (?:broken|down|working|up|running|stuck)"
            r"|are you (?:there|alive|up to date|awake)|you there)(?: now| today)?"
        ),
        "status",
    ),
    (
        re.compile(
            r"(?:(?:show|list|give|see|what|which|any|my|me|the|recent|latest|last|are|is|there|all) ){0,6}alerts?"
            r"(?: (?:today|were sent|did you send|so far|lately))?"
        ),
        "explain",
    ),
    (
        re.compile(
            r"(?:(?:show|list|give|see|what|which|are|me|there|any|all|the) ){0,4}alerts (?:for|about)"
            rf" (?P<whom>{_BEFORE_NAME}\S+(?: (?![$€£]?\d)\S+)?)"
        ),
        "explain",
    ),
    (
        re.compile(
            r"why (?:did|didn't|was|wasn't|has|hasn't)"
            rf" (?P<whom>(?!(?:i|we|you|there|it|this|that|the(?! team))(?!\S)){_BEFORE_NAME}\S+(?: \S+)?)"
            r" (?:(?:not|never|been) )?(?:(?:get|got|gotten|receive|received|sent)"
            r" (?:an|any|the|no|this|that|these|those) alerts?|(?:(?:get|got) )?(?:alerted|notified|warned))"
            r"(?: (?:today|yesterday|(?:this|last) (?:week|month)|at all|yet))?"
        ),
        "explain",
    ),
    (
        re.compile(
            r"why (?:(?:did|didn't|didnt|haven't|hasn't|wasn't|was|were|am|do|don't) (?:i|we)|(?:didn't|did) you"
            r"|(?:was|wasn't|wasnt|were|weren't|is|isn't|are|aren't) there)"
            r"(?: (?:not|never|ever|get|got|getting|receive|send|been|me|us|any|an|the|a|no|to|this|that|these|those)"
            r"){0,5}"
            r" (?:alerts?|alerted|notified|notifications?|warned|warnings?|told|pinged)"
            r"(?: (?:about (?:it|that|this|my (?:budget|limit|spend))|today|yesterday|(?:this|last) (?:week|month)"
            r"|so far|anymore|any more|yet|at all|now|then))*"
            rf"(?: (?:about|for(?= {_BEFORE_NAME})) (?P<whom>(?!(?:errors?|failures?|failed) ?).{{1,30}}?)"
            r"(?: (?:today|yesterday|(?:this|last) (?:week|month)|yet|at all))?)?"
        ),
        "explain",
    ),
    (re.compile(r"(?:(?:show|send|give|see|me|the|a|yesterday's|today's|last|latest|daily) ){1,4}digest"), "digest"),
)
_READERS = (
    _topic_of_how_to, _status_line, muting_line, _linking_line, subscription_line, credit_line, budget_line,
    _going_on_line, card_line, failure_line,
)  # fmt: skip
