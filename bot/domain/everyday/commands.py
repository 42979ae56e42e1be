"""Commands in everyday words: `list budgets`, `set budget for @ana to $500`, `hi`, as the commands that they mean."""

import re

from bot.domain.everyday.typography import plain
from bot.domain.everyday.vocabulary import ADVERBS, BY, FILLER, MOST

_HELP = frozenset(
    {
        "", "hi", "hello", "hey", "hey there", "hi there", "hello there", "good morning", "good afternoon", "howdy",
        "help me", "commands", "menu", "start", "what can you do", "what can i ask", "what can i do", "who are you",
        "how does this work", "how do i use this", "how do you work", "how to use", "examples", "usage help",
    }
)  # fmt: skip
_BUDGETS = {"budget", "budgets", "limit", "limits", "threshold", "thresholds"}
_LISTING = {*FILLER, "left", "remaining", "all", "every", "i", "my", "our", "team's", "set", "there", "much", "me"}
_SETTING = {"set", "change", "make", "create", "add", "update", "put", "raise", "lower", "give", "increase", "decrease"}
_REMOVING = {"remove", "delete", "drop", "clear", "cancel", "unset"}
_AROUND = {"the", "a", "an", "for", "of", "on", "at", "to", "as", "from", "with", "please"}
_FAILURES = {"errors", "failures"}
# ask for more than `errors` takes, so that the line is a question about failed tasks
_GROUPED = {*(phrase[0] for phrase in BY), *ADVERBS, *MOST, "rows", "csv", "export"} - {"for", "which", "what"}
_WORD = re.compile(r'(?:"[^"]*"|\S)+')  # what is quoted, such as a reason, is one
_HAS_AMOUNT = re.compile(r"\d")


def command_line(line: str) -> str | None:
    """Return the command that an everyday line asks for; None if it asks for none, or is in the words of one already.

    Nothing is done by it that a line in the words of the command would not do: amounts and names stay as typed.
    """
    typed = plain(line)
    words = _WORD.findall(typed)
    texts = [word.lower() for word in words]
    if " ".join(texts) in _HELP and line.strip():
        return "help"
    budgets = [place for place, text in enumerate(texts) if text.removesuffix("'s") in _BUDGETS]
    if budgets and texts[0] not in {"budget", "budgets", "threshold"}:
        return _about_budgets(words, texts, budgets[0])
    failures = next((place for place, text in enumerate(texts) if text in _FAILURES), None)
    if failures is not None and texts[0] != "errors" and all(text in FILLER for text in texts[:failures]):
        rest = words[failures + 1 :]
        is_grouped = any(text.partition(":")[0] in _GROUPED for text in texts[failures + 1 :])
        return None if is_grouped else " ".join(["errors", *rest])
    return None


def _about_budgets(words: list[str], texts: list[str], place: int) -> str | None:
    rest = [word for at, word in enumerate(words) if at != place and texts[at] not in _AROUND]
    lowered = [word.lower() for word in rest]
    if any(text in _REMOVING for text in lowered) and not _HAS_AMOUNT.search(" ".join(rest)):
        kept = [word for word in rest if word.lower() not in _REMOVING]
        return " ".join(["budget", *map(_owner, kept), "remove"])
    is_order = any(text in _SETTING for text in lowered) and "by" not in texts  # `raise it by 100` names no limit
    if is_order and any(_HAS_AMOUNT.match(text.lstrip("$€£")) for text in lowered):
        kept = [word for word in rest if word.lower() not in _SETTING]
        if {"my", "me", "i"} & {word.lower() for word in kept}:
            kept = ["request", *(word for word in kept if word.lower() not in {"my", "me", "i"})]
        return " ".join(["budget", *map(_owner, kept)])
    if all(text in _LISTING or text in _BUDGETS for text in texts):
        return "budgets"
    named = [word for word, text in zip(rest, lowered, strict=True) if text not in _LISTING]
    return f"budgets {_owner(named[0])}" if len(named) == 1 and _is_of_somebody(words, named[0]) else None


def _is_of_somebody(words: list[str], name: str) -> bool:
    """Return whether a line asks for the budget of whoever a word names: `ana's budget`, `budget of ana`, `@ana`."""
    before = words[words.index(name) - 1].lower() if words.index(name) else ""
    return name.lower() != name.lower().removesuffix("'s") or before in {"of", "for"} or name.startswith(("@", "<@"))


def _owner(word: str) -> str:
    """Return a word without the ending of a possessive: `@ana's`."""
    return word.removesuffix("'s").removesuffix("'")
