"""Generated questions: lines of the query language in which anything may stand beside anything, the same each time."""

from collections.abc import Iterator
from random import Random

from tests.support.random_work import EMAILS, MODELS, STATUSES, TASKS

TIMES = (
    "", "", "today", "yesterday", "this month", "last month", "this week", "last quarter", "ytd", "7d", "90d", "1d",
    "2w", "30h", "500h", "2026-03", "2026-W10", "2026-03-02", "2026-03-01..2026-03-03", "from:2026-03-02T15:30",
    "2026-03-03..", "to:2026-03-03", "from:2026-03-02T10:00+05:30 to:2026-03-03T01:00Z", "2019-01..2019-02",
)  # fmt: skip
GROUPS = (
    "", "", "rows", "rows", "by:member", "by:model", "by:status", "by:day", "by:week", "by:month", "by:tool",
    "by:agent", "by:member,model", "by:model,status", "by:day,status", "by:month,member", "by:status,week",
    "by:tool,member", "by:agent,model", "by:member,day",
)  # fmt: skip
OTHERS = ("", "", "", "byok:yes", "byok:no", "csv", "team", "me")
ORDERS = ("", "", "sort:name", "sort:tasks", "sort:cost", "top:1", "top:3", "top:7", "top:1000000", "sort:name top:4")
JUNK = (
    "%",
    "_",
    "a_b",
    "a%b",
    "\\",
    "o'brien",
    "100% \\",
    "Ü",
    "ü",
    "Ω",
    "🦊",
    "MODEL",
    "//",
    "nobody",
    "''; --",
    "[a-z]",
    "*",
)
FIELDS = ("email", "-email", "model", "-model", "status", "-status", "task", "-task", "search", "-search")


NAMES = {
    "email": (*EMAILS, "unattributed"),
    "model": MODELS,
    "status": sorted(set(STATUSES)),
    "task": [f"{prefix}-{number:04x}" for prefix in TASKS for number in range(1, 200, 9)],
    "search": (*EMAILS, *TASKS, "-00"),
}


def generated_questions(seed: int) -> Iterator[str]:
    """Yield lines without end; not all of them are questions that have an answer."""
    random = Random(seed)
    while True:
        pieces = [random.choice(each) for each in (TIMES, GROUPS, OTHERS, ORDERS)]
        pieces += [_filter(random) for _ in range(random.choice((0, 0, 1, 1, 2, 3)))]
        random.shuffle(pieces)
        yield " ".join(filter(None, pieces))


def _filter(random: Random) -> str:
    name = random.choice(FIELDS)
    values = [_value(random, name.removeprefix("-")) for _ in range(random.choice((1, 1, 2, 3)))]
    return f"{name}:{','.join(values)}"


def _value(random: Random, name: str) -> str:
    value = random.choice(NAMES[name])
    if name != "status":
        value = random.choice((value, value, _part(random, value), random.choice(JUNK)))
        value = random.choice((value, value, value.upper(), value.swapcase()))
    return f'"{value}"' if name != "status" else value


def _part(random: Random, value: str) -> str:
    start = random.choice((0, random.randrange(len(value))))
    return value[start : start + random.randrange(1, 9)]
