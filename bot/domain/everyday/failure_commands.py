"""Failures in everyday words: `failures last week`, `what failed`, `why did my tasks fail today`."""

import re

from bot.domain.everyday.vocabulary import ADVERBS, BY, FILLER, MOST, SPENDING, TASKS

_NOUNS = {"errors", "failures"}
_TEAMS = {"team", "team's", "our", "everyone's", "everybody's", "company's"}
# ask for more than `errors` takes, so that the line is a question about failed tasks
_GROUPED = {*(phrase[0] for phrase in BY), *ADVERBS, *MOST, "rows", "csv", "export"} - {"for", "which", "what"}
_TASK = r"(?:tasks?|jobs?|runs?)"
_OPENING = r"(?:(?:please|can|could|would|you|show|tell|list|me|us|do|know|i|want|to|hey|hi) ){0,6}"
_AUXILIARIES = r"(?: (?:did|do|does|is|are|was|were|has|have|had|been|keeps?|kept|all|always|still|just)){0,4}"
_FAIL = rf"(?:fail(?:s|ed|ing)?|crash(?:ed|ing)?|broke|(?:go|went|gone|going) wrong)(?! {_TASK}(?!\S))"
_ASKED = (
    rf"{_OPENING}(?:why|how come){_AUXILIARIES}(?P<whose>(?: \S+){{0,6}}?)",
    rf"{_OPENING}(?:what(?:'?s)?|which(?: ones)?)(?P<whose>(?: \S+){{0,4}}? {_TASK})?",
    r"(?:did|do|does|is|are|was|were|has|have)(?: there)?(?P<whose>(?: \S+){1,5}?)",
)
_QUESTIONS = tuple(re.compile(rf"{asked}{_AUXILIARIES} {_FAIL}(?P<rest>(?: .*)?)", re.IGNORECASE) for asked in _ASKED)
_RATE = re.compile(
    r"(?:(?:what|what's|whats|is|was|show|tell|give|me|the|how|high) ){0,5}"
    r"(?P<whose>(?:my|our|(?:the )?team's|\S+'s) )?"
    r"(?:failure|fail|error|failed tasks?) rate(?P<rest>(?: .*)?)",
    re.IGNORECASE,
)
_AND_WHY = re.compile(r"(?: and)? (?:why|how come)(?!\S)", re.IGNORECASE)
_ANY = {
    *TASKS, "run", "runs", "any", "anything", "some", "something", "of", "the", "share", "percentage", "percent", "%",
    "proportion", "portion",
}  # fmt: skip


def failure_line(words: list[str], texts: list[str]) -> str | None:
    """Return the command about failures that the words of a line ask for; None if they ask for none.

    `texts` are the words in lower case.
    """
    if texts[0] == "errors":
        return None  # a command already
    rate = _RATE.fullmatch(" ".join(words))
    if rate is not None:
        rest: list[str] | None = f"{rate['whose'] or ''} {rate['rest']}".split()
    else:
        rest = _with_noun(words, texts) if _NOUNS & set(texts) else _asked(" ".join(words))
    is_grouped = any(word.lower().partition(":")[0] in _GROUPED for word in rest or ())
    return None if rest is None or is_grouped else " ".join(["errors", *rest])


def _with_noun(words: list[str], texts: list[str]) -> list[str] | None:
    """Return what stands behind `failures`, if only filler stands before it; before `errors` it may be whose they are.

    `team failures` is a question about failed tasks.
    """
    place = next(place for place, text in enumerate(texts) if text in _NOUNS)
    said = [word for word, text in zip(words[:place], texts, strict=False) if text not in FILLER]
    if not said or (len(said) == 1 and texts[:2] == ["all", "errors"] and words[2:]):  # `all errors today`
        return words[place + 1 :]
    whose = [word for word in said if word.lower() != "me"]  # `show me the team's errors`
    if texts[place] != "errors" or len(whose) > 1:
        return None
    if whose and not whose[0].endswith("'s") and whose[0].lower() not in _TEAMS:
        return None
    owners = ["team" if word.lower() in _TEAMS else word for word in whose]
    return [*owners, *words[place + 1 :]]


def _asked(line: str) -> list[str] | None:
    """Return whose failures, and when, `why did my tasks fail today` asks for."""
    for pattern in _QUESTIONS:
        if found := pattern.fullmatch(line):
            whose = (found["whose"] or "").split()
            if (SPENDING - _ANY) & {word.lower() for word in whose}:
                return None  # `why did I spend so much on what failed`
            return [
                *(word for word in whose if word.lower() not in _ANY),
                *_AND_WHY.sub("", found["rest"]).split(" ")[1:],
            ]
    return None
