"""Parsing: a typed line becomes a Question, or an error that names the word, its place and what to type."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from difflib import get_close_matches

from bot.domain import when as times
from bot.domain.question import (
    COUNTED_GROUPINGS,
    GROUPINGS,
    MAX_GROUPINGS,
    SORTS,
    TIME_GROUPINGS,
    Field,
    Filter,
    Question,
    describe,
    quoted,
)
from bot.domain.tasks import UPSTREAM_STATUSES, member_key
from bot.domain.tokens import Token, UnclosedQuoteError, clean, split

MAX_LINE = 4_000  # Slack's own limit of a command's text is below it
MAX_TOP = 1_000_000
MAX_VALUES = 100  # of one filter, and people named: more is no question, and SQL has limits of its own
_MOST_MENDS = 6  # wrong words in one line that are all mended

_SWITCHES = {"yes": True, "no": False, "true": True, "false": False}
_KEYS = (*Field, "byok", "by", "sort", "top", "from", "to")
_SYNONYMS = {  # words of the upstream and of other tools, to point to ours
    "group": "by", "groupby": "by", "since": "from", "until": "to", "before": "to", "after": "from",
    "limit": "top", "user": "email", "member": "email", "who": "email", "id": "task", "task_id": "task",
    "is_byok": "byok", "q": "search", "order": "sort", "state": "status",
}  # fmt: skip
_PERSON = re.compile(r"<@[A-Z0-9]+>|@[\w.+-]+", re.ASCII)
_EMAIL = re.compile(r"[^\s<>\"',:@]+@[a-z0-9.-]+\.[a-z]+", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_UNITS = tuple(word.removeprefix("this ") for word in times.WORDS if word.startswith("this "))
_BARE = ("team", "me", "rows", "csv", *times.WORDS)


class QueryError(ValueError):
    """A line that is not a question. `str()` is one sentence for the person who typed it.

    `word` and `column` (from 1, in the cleaned line) say where, `instead` is the whole line to type.
    """

    def __init__(self, reason: str, word: str = "", column: int = 1, instead: str | None = None) -> None:
        place = f"`{word}` (at character {column}): " if word else ""
        hint = f" Try: `{instead}`" if instead else ""
        super().__init__(f"{place}{reason}{'' if reason.endswith('?') else '.'}{hint}")
        self.reason, self.word, self.column, self.instead = reason, word, column, instead


@dataclass(slots=True)
class _Reading:
    """What has been understood of a line so far."""

    line: str
    statuses: Collection[str]
    question: Question = field(default_factory=Question)
    filters: dict[tuple[Field, bool], list[str]] = field(default_factory=dict)
    when_word: Token | None = None
    edges: dict[str, times.Edge] = field(default_factory=dict)

    def wrong(self, word: Token, reason: str, better: str | None = None) -> QueryError:
        """The error about a word; `better` is what to type in its place."""
        if better is None:
            return QueryError(reason, word.raw, word.column)
        before, after = self.line[: word.column - 1], self.line[word.column - 1 + len(word.raw) :]
        meant = f"; did you mean `{better}`?" if better else ""
        return QueryError(f"{reason}{meant}", word.raw, word.column, clean(f"{before}{better}{after}"))


def parse(line: str, *, now: datetime, zone: tzinfo, statuses: Collection[str] = UPSTREAM_STATUSES) -> Question:
    """Read a line of the query language.

    Args:
        line: as typed, in Slack or in a terminal.
        now: the moment it is asked at; a window that has not begun is an error.
        zone: the time zone of local dates.
        statuses: what `status:` may name, as the upstream spells it.

    Raises:
        QueryError: the line is not a question; its `instead`, if any, is one.
    """
    try:
        return _parse(line, now, zone, statuses)
    except QueryError as error:
        raise _mended(error, now, zone, statuses) from error.__cause__


def _mended(error: QueryError, now: datetime, zone: tzinfo, statuses: Collection[str]) -> QueryError:
    """The error with a line to type that is a question: mended word by word, or none."""
    instead = error.instead
    for _ in range(_MOST_MENDS):
        if instead is None:
            break
        try:
            _parse(instead, now, zone, statuses)
        except QueryError as another:
            instead = another.instead if another.instead != instead else None
        else:
            return QueryError(error.reason, error.word, error.column, instead)
    return QueryError(error.reason, error.word, error.column)


def _parse(line: str, now: datetime, zone: tzinfo, statuses: Collection[str]) -> Question:
    if len(line) > MAX_LINE:
        raise QueryError(f"the question is longer than {MAX_LINE:,} characters")
    line = clean(line)
    try:
        words = split(line)
    except UnclosedQuoteError as error:
        raise QueryError("a quote is not closed", line[error.column - 1 :][:20], error.column, f'{line}"') from error
    reading = _Reading(line, statuses)
    _read(reading, words)
    question = _finish(reading)
    _check_window(reading, question, now, zone)
    if len(describe(question)) > MAX_LINE:
        raise QueryError(f"said back in full, the question is longer than {MAX_LINE:,} characters")
    _check_counts(question)
    return question


def _read(reading: _Reading, words: Sequence[Token]) -> None:
    place = 0
    while place < len(words):
        pair = _pair(words[place : place + 2])
        if pair:
            _bare(reading, pair)
            place += 2
            continue
        word, count = _timed(words[place : place + 3])
        (_bare if word.key is None else _keyed)(reading, word)
        place += count


def _pair(words: Sequence[Token]) -> Token | None:
    """`last` and `month` typed as two words are one."""
    if len(words) < 2 or any(word.key for word in words):  # noqa: PLR2004 - a pair
        return None
    joined = f"{words[0].bare} {words[1].bare}"
    if joined not in times.WORDS and not (words[0].bare in {"this", "last"} and _nearest(words[1].bare, _UNITS)):
        return None
    return Token(f"{words[0].raw} {words[1].raw}", words[0].column, None, (joined,))


def _timed(words: Sequence[Token]) -> tuple[Token, int]:
    """The first word, with the time of day (and `UTC`) that stands behind its date; and of how many words it is."""
    first, *others = words
    if first.key not in {"from", "to"} or len(first.values) > 1:
        return first, 1
    for count in range(len(others), 0, -1):
        rest = [each.values[0] for each in others[:count] if each.key is None]
        if len(rest) == count and times.CLOCK.fullmatch(" ".join(rest).lower()):
            raw = " ".join(each.raw for each in words[: count + 1])
            return Token(raw, first.column, first.key, (" ".join([first.values[0], *rest]),)), count + 1
    return first, 1


# --- words without a key -------------------------------------------------------------------------


def _bare(reading: _Reading, word: Token) -> None:
    question, text = reading.question, word.values[0]
    match word.bare:
        case "team":
            reading.question = replace(question, team=True)
        case "me":
            pass  # one's own scope is the default
        case "rows":
            reading.question = replace(question, rows=True)
        case "csv":
            reading.question = replace(question, csv=True)
        case lowered if _PERSON.fullmatch(text):
            person = text if text.startswith("<") else lowered
            people = tuple(dict.fromkeys((*question.people, person)))
            reading.question = replace(question, people=people)
        case lowered if _EMAIL.fullmatch(lowered):
            _add_filter(reading, Field.EMAIL, [lowered], exclude=False)
        case lowered:
            _time_or_error(reading, word, lowered)


def _time_or_error(reading: _Reading, word: Token, lowered: str) -> None:
    try:
        when = times.read_when(lowered)
    except times.WhenError as error:
        raise reading.wrong(word, str(error)) from error
    if when is None:
        raise _unknown(reading, word, lowered)
    _set_when(reading, word, when)


def _set_when(reading: _Reading, word: Token, when: times.When) -> None:
    if reading.when_word is not None:
        raise reading.wrong(word, f"a second time beside `{reading.when_word.raw}`; one is enough", "")
    reading.when_word = word
    reading.question = replace(reading.question, when=when)


def _unknown(reading: _Reading, word: Token, lowered: str) -> QueryError:
    if lowered in _KEYS and lowered not in GROUPINGS:
        return reading.wrong(word, f"`{lowered}:` needs its value right behind the colon")
    better = _meant(lowered, reading.statuses)
    if better is None:
        hint = "a filter has a key, as in `model:opus` or `search:acme` (see `help`)"
        return reading.wrong(word, f"not a word I know; {hint}")
    return reading.wrong(word, "not a word I know", better)


def _meant(lowered: str, statuses: Collection[str]) -> str | None:
    if lowered in {status.lower() for status in statuses}:
        return f"status:{quoted(lowered)}"
    if lowered in GROUPINGS:
        return f"by:{lowered}"
    if lowered in {"this", "last"}:
        return f"{lowered} month"
    if _UUID.fullmatch(lowered):
        return f"task:{lowered}"
    return _nearest(lowered, _BARE)


# --- words with a key ----------------------------------------------------------------------------


def _keyed(reading: _Reading, word: Token) -> None:
    key, exclude = _key(word)
    if key not in _KEYS:
        raise _unknown_key(reading, word, key, exclude=exclude)
    if not all(word.values):
        raise reading.wrong(word, f"`{key}:` needs a value, such as `{key}:{_EXAMPLES[key]}`")
    if key in tuple(Field):
        _filter(reading, word, Field(key), exclude=exclude)
        return
    if exclude:
        raise reading.wrong(word, f"`{key}:` cannot be excluded", word.raw.removeprefix("-"))
    _READERS[key](reading, word)


def _key(word: Token) -> tuple[str, bool]:
    key = word.key or ""
    return key.removeprefix("-"), key.startswith("-")


def _unknown_key(reading: _Reading, word: Token, key: str, *, exclude: bool) -> QueryError:
    better = _SYNONYMS.get(key) or _nearest(key, _KEYS)
    if not better:
        return reading.wrong(word, f"no such filter; there are {_listed(f'`{name}:`' for name in _KEYS)}")
    rest = word.raw.split(":", 1)[1]
    prefix = "-" if exclude and better in tuple(Field) else ""
    return reading.wrong(word, f"no filter `{key}:`", f"{prefix}{better}:{rest}")


def _filter(reading: _Reading, word: Token, name: Field, *, exclude: bool) -> None:
    values = list(word.values)
    if name is Field.STATUS:
        values = [_status(reading, word, value) for value in values]
    elif name is Field.EMAIL:
        values = [member_key(value) for value in values]
    _add_filter(reading, name, values, exclude=exclude)


def _status(reading: _Reading, word: Token, value: str) -> str:
    spelled = {status.lower(): status for status in sorted(reading.statuses)}
    if value.lower() in spelled:
        return spelled[value.lower()]
    reason = f"no status `{value}`; there are {_listed(sorted(reading.statuses))}"
    raise reading.wrong(word, reason, _respelled(word, spelled))


def _respelled(word: Token, choices: Mapping[str, str]) -> str | None:
    """The word with every value spelled as the choice nearest to it; None if one is near to none."""
    nearest = [
        value.lower() if value.lower() in choices else _nearest(value.lower(), tuple(choices)) for value in word.values
    ]
    values = [quoted(choices[each]) for each in nearest if each is not None]
    return f"{word.key}:{','.join(values)}" if len(values) == len(nearest) else None


def _add_filter(reading: _Reading, name: Field, values: list[str], *, exclude: bool) -> None:
    kept = dict.fromkeys([*reading.filters.get((name, exclude), ()), *values])
    reading.filters[name, exclude] = list(kept)


def _by(reading: _Reading, word: Token) -> None:
    names = tuple(_one_of(reading, word, value.lower(), GROUPINGS, "grouping") for value in word.values)
    by = tuple(dict.fromkeys((*reading.question.by, *names)))
    if len(by) > MAX_GROUPINGS:
        raise reading.wrong(word, f"two groupings at most, and these are {len(by)}")
    if len([name for name in by if name in TIME_GROUPINGS]) > 1:
        raise reading.wrong(word, "one of day, week and month at a time")
    counted = [name for name in by if name in COUNTED_GROUPINGS]
    if len(counted) > 1:
        raise reading.wrong(word, "tools and agents are counted apart: one of them at a time")
    if counted and any(name in TIME_GROUPINGS for name in by):
        raise reading.wrong(word, f"the upstream counts {counted[0]}s per task, not per {_other(by, counted[0])}")
    reading.question = replace(reading.question, by=by)


def _other(by: Sequence[str], name: str) -> str:
    return next(each for each in by if each != name)


def _sort(reading: _Reading, word: Token) -> None:
    name = _one_of(reading, word, _single(reading, word).lower(), SORTS, "order")
    if reading.question.sort not in {None, name}:
        raise reading.wrong(word, "a second `sort:`", "")
    reading.question = replace(reading.question, sort=name)


def _top(reading: _Reading, word: Token) -> None:
    text = _single(reading, word)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_TOP)) and 0 < int(text) <= MAX_TOP):
        raise reading.wrong(word, f"`top:` takes a whole number from 1 to {MAX_TOP:,}", "top:20")
    if reading.question.top not in {None, int(text)}:
        raise reading.wrong(word, "a second `top:`", "")
    reading.question = replace(reading.question, top=int(text))


def _byok(reading: _Reading, word: Token) -> None:
    text = _one_of(reading, word, _single(reading, word).lower(), tuple(_SWITCHES), "switch")
    if reading.question.byok not in {None, _SWITCHES[text]}:
        raise reading.wrong(word, "both `byok:yes` and `byok:no`; leave both out to see all", "")
    reading.question = replace(reading.question, byok=_SWITCHES[text])


def _edge(reading: _Reading, word: Token) -> None:
    key, _ = _key(word)
    if key in reading.edges:
        raise reading.wrong(word, f"a second `{key}:`", "")
    if reading.when_word is not None and not reading.edges:
        raise reading.wrong(word, f"a second time beside `{reading.when_word.raw}`; one is enough", "")
    try:
        reading.edges[key] = times.read_edge(_single(reading, word).lower())
    except times.WhenError as error:
        raise reading.wrong(word, str(error)) from error
    reading.when_word = word
    when = times.Range(reading.edges.get("from"), reading.edges.get("to"))
    reading.question = replace(reading.question, when=when)


_READERS: dict[str, Callable[[_Reading, Token], None]] = {
    "by": _by, "sort": _sort, "top": _top, "byok": _byok, "from": _edge, "to": _edge,
}  # fmt: skip
_EXAMPLES = {
    "status": "error,failed", "model": "opus", "task": "0b6c2f1e", "search": "acme", "email": "ana@acme.dev",
    "byok": "no", "by": "model", "sort": "cost", "top": "20", "from": "2026-11-01", "to": "2026-11-15",
}  # fmt: skip


def _single(reading: _Reading, word: Token) -> str:
    if len(word.values) > 1:
        raise reading.wrong(word, f"`{word.key}:` takes one value", f"{word.key}:{quoted(word.values[0])}")
    return word.values[0]


def _one_of(reading: _Reading, word: Token, value: str, choices: Sequence[str], noun: str) -> str:
    if value in choices:
        return value
    better = _respelled(word, {choice: choice for choice in choices})
    raise reading.wrong(word, f"no {noun} `{value}`; there are {_listed(choices)}", better)


# --- the whole -----------------------------------------------------------------------------------


def _finish(reading: _Reading) -> Question:
    filters = (Filter(name, tuple(values), out) for (name, out), values in reading.filters.items())
    question = replace(reading.question, filters=tuple(sorted(filters)))
    if question.rows and question.by:
        raise QueryError("`rows` lists tasks instead of groups: keep `rows` or `by:`, not both")
    if question.counts_only and question.sort == "cost":
        raise QueryError("`by:tool` and `by:agent` have counts and no cost: sort by tasks or name")
    if question.rows and question.sort == "tasks":
        raise QueryError("`rows` are single tasks: sort by cost or name")
    return question


def _check_counts(question: Question) -> None:
    named = [(f"values of `{each.field}:`", len(each.values)) for each in question.filters]
    for what, many in (*named, ("people", len(question.people))):
        if many > MAX_VALUES:
            raise QueryError(f"{many} {what} in one question; {MAX_VALUES} are the most")


def _check_window(reading: _Reading, question: Question, now: datetime, zone: tzinfo) -> None:
    word = reading.when_word
    if word is None:
        return
    try:
        times.resolve(question.asked_when, now, zone)
    except times.WhenError as error:
        raise reading.wrong(word, str(error)) from error


def _nearest(word: str, choices: Sequence[str]) -> str | None:
    if len(word) > 2 * max(map(len, choices)):
        return None
    return next(iter(get_close_matches(word, choices, n=1, cutoff=0.7)), None)


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else str(last)
