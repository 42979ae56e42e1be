"""Commands in everyday words: `list budgets`, `set budget for @ana to $500`, `hi`, as the commands that they mean."""

import re

from bot.domain.everyday.budget_commands import budget_line
from bot.domain.everyday.failure_commands import failure_line
from bot.domain.everyday.subscription_commands import subscription_line
from bot.domain.everyday.typography import plain

_HELP = frozenset(
    {
        "", "hi", "hello", "hey", "hey there", "hi there", "hello there", "good morning", "good afternoon", "howdy",
        "help me", "commands", "menu", "start", "what can you do", "what can i ask", "what can i do", "who are you",
        "how does this work", "how do i use this", "how do you work", "how to use", "examples", "usage help",
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
_SAID_AT_THE_END = {"got it", "see you", "see you later", "nice one", "makes sense", "well done", "good job"}
_HOW_TO = re.compile(
    r"how (?:do|can|could|would|should) i (?P<verb>\S+) ?(?P<rest>.*)|how to (?P<to>\S+) ?(?P<what>.*)"
)
_WORD = re.compile(r'(?:"[^"]*"|\S)+')  # what is quoted, such as a reason, is one


def command_line(line: str) -> str | None:
    """Return the command that an everyday line asks for; None if it asks for none, or is in the words of one already.

    Nothing is done by it that a line in the words of the command would not do: amounts and names stay as typed.
    """
    typed = plain(line)
    words = _WORD.findall(typed)
    texts = [word.lower() for word in words]
    if " ".join(texts) in _HELP and line.strip():
        return "help"
    if _is_courtesy(texts):
        return "courtesy"
    for read in (_topic_of_how_to, subscription_line, budget_line, failure_line) if words else ():
        if (found := read(words, texts)) is not None:
            return found
    return None


def _is_courtesy(texts: list[str]) -> bool:
    is_said_so = bool(_COURTESIES & set(texts)) and set(texts) <= _IN_COURTESIES
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
    is_about_budgets = bool({"budget", "budgets", "limit", "limits"} & set(rest))
    return "help budgets" if is_about_budgets and verb in {"set", "make", "create", "add", "change", "remove"} else None
