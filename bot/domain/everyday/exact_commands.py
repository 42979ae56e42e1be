"""Exact commands as people type them: `budgets?`, `*status*`, `please snooze today`, `show me the status`."""

import re
from collections.abc import Collection

from bot.domain.access import RefusedError
from bot.domain.everyday.commands import command_line
from bot.domain.everyday.typography import plain
from bot.domain.everyday.vocabulary import FAILURES, FILLER, NOT, STATUSES
from bot.domain.query.errors import quoted
from bot.domain.query.tokens import clean
from bot.domain.tasks import UPSTREAM_STATUSES

_ASKS_A_QUESTION = {"errors"}  # whoever answers it reads its words as a question, exact ones as they stand
_SETS_AN_AMOUNT = {"budget", "threshold"}  # which `budget @ana 500?` only asks about
_SHOWS = {"balance", "budgets", "digest", "errors", "explain", "help", "overview", "status", "subscriptions"}
_QUESTION = re.compile(r"\?\W*$")
_THANKS = re.compile(r"(?: (?:please|pls|plz|thanks|thx|thank you)){1,3}$", re.IGNORECASE)
_ASKING = re.compile(
    r"(?:(?:please|pls|plz|kindly|hey|hi|hello|ok|okay|so|now|just|then|(?:can|could|would|will) you|can i|let me|let's"
    r"|i (?:want|need|like) to|i'd like to|i would like to|go ahead and|run|type|/?neo-usage) ){1,6}",
    re.IGNORECASE,
)
_SHOWING = re.compile(
    r"(?:(?:show|give|send|tell|get|list|display|see|view|open|check|read|pull up|bring up|what(?:'s| is|s| are)?"
    r"|how(?:'s| is)|where(?:'s| is)|i (?:want|need)|i'd like|me|us|the|my|our|your|all|current|latest|present) ){1,6}",
    re.IGNORECASE,
)
_STATUSES = "|".join(sorted({*UPSTREAM_STATUSES, *FAILURES, *STATUSES, *NOT}))
_IS_OF_TASKS = re.compile(rf"[=:]|(?:(?:is|was|are) )?(?:{_STATUSES})(?!\S)")
"""What makes the word `status` that of tasks in a question: `status = failed`, `status failed last week`."""
_OPENING = {  # words that courtesy begins with
    "please", "pls", "plz", "kindly", "hey", "hi", "hello", "ok", "okay", "so", "now", "just", "then", "can",
    "could", "would", "will", "let", "i", "go", "run", "type", "show", "give", "send", "tell", "get", "list",
    "display", "see", "view", "open", "check", "read", "pull", "bring", "what", "whats", "how", "hows", "where",
    "wheres", "me", "us", "the", "my", "our", "your", "all", "current", "latest", "present",
}  # fmt: skip


def exact_line(line: str, commands: Collection[str]) -> str | None:
    """Return the line of the command that a line begins with, as it would be typed exactly; None if with none.

    Marks of emphasis, emoji, closing punctuation and thanks are left out. What is in quotes stays, and so does a
    question behind a command, whose exact words may end in such marks.
    """
    first = _first_word(line)
    if first and first not in commands:
        return None
    typed, raw = _THANKS.sub("", plain(line)), clean(line)
    first, _, rest = typed.partition(" ")
    command = first.lower()
    if (not typed and raw) or command not in commands or not _is_exact(command, rest):
        return None
    is_asking_about_amount = command in _SETS_AN_AMOUNT and _QUESTION.search(raw)
    if command in _ASKS_A_QUESTION or is_asking_about_amount:
        before, _, rest = raw.partition(" ")
        if plain(before).lower() != command:
            return typed
        rest = rest if _THANKS.sub("", f" {plain(rest)}").strip() else ""
    return f"{first} {rest}".strip()


def _first_word(line: str) -> str:
    """Return the first word of a line in lower case without marks; empty if that is none of letters, or not plain."""
    words = line.split(maxsplit=1)
    word = words[0].strip("*_~`.,;!?()[]") if words else ""
    return word.lower() if word.isascii() and word.isalpha() else ""


def _is_exact(command: str, rest: str) -> bool:
    """Return whether a line with a command's first word is one, and not a sentence: `overview last week`."""
    if command == "overview":
        return rest.lower() in {"", "team"}
    if command == "status":
        return not _IS_OF_TASKS.match(rest.lower())
    return command != "notify" or command_line(f"{command} {rest}") is None  # `notify me every morning`


def politely_asked(line: str, commands: Collection[str]) -> str | None:
    """Return the line of the command that stands behind words of courtesy alone; None if there is none.

    A command that shows something may be asked for by `show me the` and the like, if that is all of the line.
    """
    if _first_word(line) not in {"", *_OPENING}:
        return None
    typed = _THANKS.sub("", plain(line))
    asking = _ASKING.match(typed)
    rest = typed[asking.end() :] if asking else typed
    if asking and rest.partition(" ")[0].lower() in commands:
        return exact_line(rest, commands)
    showing = _SHOWING.match(rest)
    command, _, more = (rest[showing.end() :] if showing else "").partition(" ")
    is_all = set(more.lower().split()) <= FILLER
    return command.lower() if command.lower() in _SHOWS and command.lower() in commands and is_all else None


def check_alone(line: str) -> None:
    """Raise RefusedError if more than filler stands behind a command that takes no words: `status foo`."""
    command, *words = plain(line).split()
    if unknown := [word for word in words if word.lower() not in FILLER]:
        raise RefusedError(f"I don't know {quoted(' '.join(unknown))}. Type `{command.lower()}` alone.")
