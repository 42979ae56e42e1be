"""The vocabulary of everyday questions: words that mean a part of the query language, and words that mean nothing."""

from typing import Final

from bot.domain.query.keyed_tokens import SYNONYMS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLER: Final = _words(
    """
    a about accountant accountants accounting actually again also altogether amount amounts an and any are as at
    been being bill billed bills bookkeeping boss both breakdown bring burn burned burnt can cash cfo check combined
    consumed consumption cost costing costs could credits currently data details did display do does dollars down during
    exactly expense expenses far fetch figures finance find for generate get give had has have hello hey hi how i
    i'd in into is it its just kindly know let like list look lookup made make management manager many money much my
    need neo neo's now number numbers of on only or overall overview paid pay please pls pull query question ran
    recap report reports results right run runs see show shows so some spend spending spends spent statistics stats
    still sum summarize summary sums tell thank thanks that the their there this to total totals up update updates
    usage usd use used using want was way went were what what's whats which with would you your
    """
)
"""Words that may stand anywhere in a question and change nothing of it."""

GROUPS: Final = {
    word: name
    for name, words in {
        "member": "member members user users person people persons teammate teammates colleague colleagues employee "
        "employees engineer engineers who whom individual individuals email emails",
        "model": "model models llm llms",
        "status": "status statuses state states outcome outcomes",
        "day": "day days date dates",
        "week": "week weeks",
        "month": "month months",
        "tool": "tool tools",
        "agent": "agent agents",
    }.items()
    for word in _words(words)
}
"""What answers are split by, by the words for it."""

ADVERBS: Final = {"daily": "day", "weekly": "week", "monthly": "month"}
BY: Final = (
    ("broken", "down", "by"), ("break", "down", "by"), ("breakdown", "by"), ("split", "by"), ("grouped", "by"),
    ("group", "by"), ("sorted", "by"), ("by",), ("per",), ("each",), ("every",), ("for", "each"),
    ("--by",), ("-by",), ("--group-by",), ("groupby",), ("group",), ("which",), ("what",),
)  # fmt: skip
"""What stands before a group."""

MOST: Final = _words("top limit most biggest largest highest expensive priciest costliest dearest costly")
TASKS: Final = _words("task tasks job jobs")
SHARE: Final = (
    ("share", "of"), ("shares", "of"), ("percentage", "of"), ("percent", "of"), ("%", "of"), ("proportion", "of"),
    ("portion", "of"), ("what", "share"), ("what", "percentage"), ("what", "percent"), ("what", "%"),
    ("how", "much", "of"), ("how", "many", "of"),
)  # fmt: skip
"""What asks for a part of the whole."""
NUMBER: Final = (("how", "many"), ("how", "much"), ("number", "of"), ("count",), ("counting",))
"""What asks for a number, not for a list."""
SPENDERS: Final = _words("spender spenders consumer consumers")

FAILURES: Final = _words("failed failing fails failure failures unsuccessful")
STATUSES: Final = {
    word: status
    for status, words in {
        "completed": "complete finished succeeded successful success done",
        "error": "errored",
        "aborted": "cancelled canceled stopped",
    }.items()
    for word in _words(words)
}
"""Statuses of tasks, by the words for them; each counts only where there is such a status."""

NOT: Final = _words("not except excluding without no exclude minus but non")
JOINTS: Final = _words("and or nor & + plus")
"""What stands between two names."""
ONESELF: Final = _words("me myself mine my i")
TELLING: Final = _words(
    "show showing tell telling give giving get getting send sending let for to bring fetch find pull list remind help"
    " dm mail email ask around about"
)
"""What stands before `me` where that is not meant as one of several people."""

COMPARING: Final = _words("compare comparing difference differences")
VERSUS: Final = COMPARING | _words("vs versus vs. against compared than")

CHEAPER: Final = _words("cheaper pricier costlier")
MORE_OR_LESS: Final = CHEAPER | _words("more less higher lower")
LEAST: Final = _words("least lowest smallest cheapest fewest")
BEFORE: Final = (
    ("one", "before"), ("previous", "one"), ("previous", "period"), ("prior", "period"), ("period", "before"),
    ("time", "before"), ("before",),
)  # fmt: skip
"""What time is meant by that just before another one."""

BEFORE_NAMES: Final = _words("did does do has have is was what how can")
SPENDING: Final = _words("spend spent spending spends use used using usage cost costs run ran burn burned do done")
"""What stands before and after somebody's name in a question about them."""

MEANINGS: Final = {
    word: meaning
    for meaning, words in {
        "team": "team teams team's all we our us everyone everybody everyone's everybody's company org organization "
        "organisation colleagues coworkers whole entire workspace everything",
        "me": "me my mine myself own i i'm i've",
        "csv": "csv export exported download downloaded spreadsheet excel file",
        "rows": "rows",
        "byok:yes": "byok",
        "by:member": "member members user users person people persons teammate teammates who whom individual spenders",
        "by:model": "model models llm llms",
        "by:tool": "tool tools",
        "by:agent": "agent agents",
        "": "- -- & + / | * over across within during plus nor each together separately individually jointly",
    }.items()
    for word in _words(words)
}
"""What single words mean in the query language."""

KEYS: Final = SYNONYMS | {
    "person": "email", "mail": "email", "group_by": "by", "per": "by", "text": "search", "start": "from",
    "till": "to", "end": "to", "llm": "model", "after": "after", "before": "before",
}  # fmt: skip
"""Keys of filters as other tools call them."""

UNITS: Final = _words("day days week weeks month months quarter quarters year years")
NEED_TIME: Final = _words("last past previous prior recent since after from until till through thru between")
"""What is nothing without a time."""

KNOWN: Final = tuple({*GROUPS, *ADVERBS, *MEANINGS, *MOST, *TASKS, *STATUSES, *FAILURES, "yesterday", "today"})
"""Words that a misspelt one may have been meant to be."""
