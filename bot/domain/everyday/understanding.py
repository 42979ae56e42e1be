"""What people type, understood: the lines of the query language that it may mean, or the word that is not known."""

import re
from collections.abc import Iterator, Sequence

from bot.domain.everyday import vocabulary
from bot.domain.everyday.commands import command_line
from bot.domain.everyday.dates import MONTHS
from bot.domain.everyday.meaning import Meaning, TypingContext
from bot.domain.everyday.phrases import LONGEST_PHRASE, PhraseReader, Word, refused_length
from bot.domain.everyday.times import may_begin_time
from bot.domain.everyday.typography import plain
from bot.domain.everyday.vocabulary import KEYS
from bot.domain.query import keyed_tokens
from bot.domain.query.checks import check_line
from bot.domain.query.errors import MisspeltError, QueryError, UnknownWordError
from bot.domain.query.parser import tokens_of
from bot.domain.query.question import Field, quote
from bot.domain.query.tokens import Token, outside_quotes
from bot.domain.query.when_parser import parse_when

_ALL_KEYS = "|".join(sorted({*keyed_tokens.KEYS, *KEYS}))
_SPACED_KEY = re.compile(rf"(?<!\S)(-{{0,2}}(?:{_ALL_KEYS})) ?[:=] ?(?=\S)", re.IGNORECASE)
_LONGEST_NAME = 3  # words
_ABBREVIATIONS = {"wk": "week", "wks": "weeks", "mth": "month", "mths": "months", "qtr": "quarter", "yr": "year"}
_WRITTEN_TOGETHER = re.compile(
    r"(last|past|this|previous)(\d{0,3}(?:days?|weeks?|months?|quarters?|years?|weekend)|(?:mon|tues|wednes|thurs|fri"
    r"|satur|sun)day)",
    re.ASCII,
)
_SPLIT_IN_TWO = re.compile(
    rf"([a-z]{{3,9}}|q[1-4])('\d\d)|({'|'.join(MONTHS)})(\d{{1,2}})|(\d{{1,2}})({'|'.join(MONTHS)})", re.ASCII
)  # `q4'26`, `nov3` and `3nov`
_EACH_OF = re.compile(r"([a-z]{4,})/(day|week|month|model|member|user|person|status|task)", re.ASCII)
_JOINED_TIMES = re.compile(r"(\S*[^\s.])(\.{2,3})([^\s.]\S*)|(\d{4}-\d\d-\d\d)(/)(\d{4}-\d\d-\d\d)", re.ASCII)
_MOST_CORRECTIONS = 6  # of wrong words in one line
_IN_WORDS = {
    "by": "by",
    "from": "since",
    "to": "until",
    "after": "after",
}  # keys whose values people write in their own way


def understand(line: str, context: TypingContext) -> tuple[str, ...]:
    """Return the lines of the query language that a typed line may mean: one, or several to choose from.

    Raises:
        QueryError: a word is neither known nor filler, or the words do not go together.
    """
    check_line(line)
    said = _with_keys(plain(line))
    try:
        return _lines(said, context)
    except MisspeltError as error:
        raise _with_correction(error, said, context) from None


def _with_correction(error: MisspeltError, said: str, context: TypingContext) -> QueryError:
    """Return the error with the line to type, every misspelt word corrected; without one if that is not clear."""
    misspelt = error
    for _ in range(_MOST_CORRECTIONS):
        begun = misspelt.column - 1
        said = f"{said[:begun]}{misspelt.corrected}{said[begun + len(misspelt.word) :]}"
        try:
            lines = _lines(said, context)
        except MisspeltError as another:
            misspelt = another
        except QueryError:
            break
        else:
            is_clear = len(lines) == 1 and command_line(said) is None  # else it would mean something else in Slack
            return QueryError(error.reason, error.word, error.column, said) if is_clear else error
    return error


def _lines(said: str, context: TypingContext) -> tuple[str, ...]:
    try:
        tokens = tokens_of(said)
    except QueryError as error:  # with a line that need not be understood
        raise QueryError(error.reason, error.word, error.column) from error.__cause__
    words = [word for token in tokens for word in _words_of(token)]
    reader, meaning = PhraseReader(context), Meaning()
    place = 0
    while place < len(words):
        try:
            count, add = reader.read(words[place : place + LONGEST_PHRASE])
        except MisspeltError:
            raise
        except QueryError as error:
            rest = _understood(reader, meaning, words[place + refused_length(error, words[place:]) :])
            raise UnknownWordError(error, rest, is_name=_is_name(words, place)) from error.__cause__
        add(meaning)
        place += count
    return meaning.lines(context)


def _understood(reader: PhraseReader, meaning: Meaning, words: Sequence[Word]) -> str:
    """Return the line of what is understood without the words that are not; empty if that is nothing, or not clear."""
    place = 0
    while place < len(words):
        try:
            count, add = reader.read(words[place : place + LONGEST_PHRASE])
        except QueryError:
            count = 1
        else:
            add(meaning)
        place += count
    try:
        lines = meaning.lines(reader.context)
    except QueryError:
        return ""
    return lines[0] if len(lines) == 1 else ""


def _is_name(words: Sequence[Word], place: int) -> bool:
    """Return whether an unknown word stands where people are named: `did ana spend`, `ana's`, `tasks of ana`."""
    near = range(max(place - _LONGEST_NAME, 0), min(place + _LONGEST_NAME, len(words)))
    before = {words[at].text for at in near if at < place}
    after = {words[at].text for at in near if at > place}
    is_asked_about = bool(vocabulary.BEFORE_NAMES & before and vocabulary.SPENDING & after)
    labels = {"of", "for", "user", "person", "member", "about"}
    is_beside_me = place > 1 and words[place - 1].text in vocabulary.JOINTS and words[place - 2].text in {"me", "i"}
    is_labelled = (place > 0 and words[place - 1].text in labels) or is_beside_me
    is_owner = words[place].text.endswith(("'s", "s'"))
    is_explained = words[place].text in {*vocabulary.EXPLAINED, *vocabulary.NEED_TIME}
    is_mention = words[place].text in vocabulary.NOT and "@" in "".join(words[at].text for at in near if at > place)
    return not is_explained and (is_asked_about or is_owner or is_labelled or is_mention)


def _with_keys(line: str) -> str:
    """Return a line in which `status = failed` reads `status:failed`; what is quoted stays."""
    return outside_quotes(line, lambda part: _SPACED_KEY.sub(_key, part))


def _key(found: re.Match[str]) -> str:
    return f"{found[1].removeprefix('--')}:"


def _written_apart(text: str) -> list[tuple[str, int]]:
    """Return the words of `lastweek`, `nov3`, `spend/day` and `7..nov`, and where they stand; none of what is one."""
    if found := _WRITTEN_TOGETHER.fullmatch(text) or _SPLIT_IN_TWO.fullmatch(text):
        first, second = (group for group in found.groups() if group)
        return [(first, 0), (second, len(first))]
    if found := _EACH_OF.fullmatch(text):
        return [(found[1], 0), ("per", found.end(1)), (found[2], found.start(2))]
    if text.startswith("non-"):
        return [("non", 0), (text[4:], 4)] if text[4:] else []
    found = _JOINED_TIMES.fullmatch(text)
    if found is None or parse_when(text) is not None:
        return []
    first, joint, last = (group for group in found.groups() if group)
    is_of_times = may_begin_time(first) and may_begin_time(last)
    return [(first, 0), ("..", len(first)), (last, len(first) + len(joint))] if is_of_times else []


def _words_of(token: Token) -> Iterator[Word]:
    """Return a token as words: `by:user` as `by user`, a filter as it stands in the query language."""
    if token.key is None:
        is_strict = token.raw.startswith(("<@", "@"))
        text = token.bare.lower()
        if (parts := _written_apart(text)) and text == token.raw.lower():
            yield from (Word(part, token.column + at, part) for part, at in parts)
            return
        yield Word(token.raw, token.column, _ABBREVIATIONS.get(text, text), token.raw if is_strict else None)
        return
    name = token.key.lstrip("-")
    key, sign = KEYS.get(name, name), "-" if token.key.startswith("-") else ""
    if key in _IN_WORDS:
        yield Word(token.raw, token.column, _IN_WORDS[key])
    if key in _IN_WORDS or (key == Field.EMAIL != name and "@" not in token.raw):  # `user:marcus` is a name
        for text in " ".join(token.values).lower().split():
            yield Word(token.raw, token.column, text)
        return
    yield Word(token.raw, token.column, token.raw, f"{sign}{key}:{','.join(map(quote, token.values))}")
