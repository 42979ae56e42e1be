"""Phrases: one after another, each as long as it can be, and what it means in the query language."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.everyday import vocabulary
from bot.domain.everyday.meaning import Meaning, Part, TypingContext
from bot.domain.everyday.phrase_sets import PhraseSet
from bot.domain.everyday.times import NUMBERS, TimeReader, may_begin_time
from bot.domain.query.errors import MisspeltError, QueryError, quoted
from bot.domain.query.question import GROUPINGS, TIME_GROUPINGS, quote
from bot.domain.query.spelling import enumeration, nearest_slip
from bot.domain.query.when import Calendar
from bot.domain.tasks import FAILED_STATUSES

LONGEST_PHRASE = 16  # words
_LONGEST_NAME = 4
_SHORTEST_TYPO = 4  # letters; a shorter word is like too many others
_YEAR = 4  # figures
_SHORTEST_OF_TIME = 3  # where only a time can stand: `last wek`
_BEFORE_UNIT = 3  # words up to the unit of `last 3 weeks` and `since the last weekend`
_SPELLABLE = tuple(dict.fromkeys((*vocabulary.KNOWN, *vocabulary.CALENDAR)))
_SPELLABLE_OR_FILLER = vocabulary.FILLER.union(_SPELLABLE)
_CHINESE_OWNER = "\u7684"  # what `'s` is
_FILTERS = {"model": "model:", "member": "email:"}
_ID = re.compile(r"(?=.*\d)[0-9a-f-]{4,36}", re.ASCII)
_MONTHS = re.compile(r"([1-9]\d?)m", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_AMOUNT = re.compile(r"[<>]=?(?:[$\u20ac\u00a3]?\d\S*)?|[$\u20ac\u00a3]\d\S*")
_BEFORE_EACH = {"a", "per", "each", "every", "for"}  # what is averaged, or shown, for each of something
_DOLLARS = {"dollars", "dollar", "usd", "bucks", "credits"}
_COUNT = re.compile(r"\d{1,7}", re.ASCII)
_SPENT_OR_RUN = vocabulary.SPENDING | vocabulary.TASKS
_EXPLAINED_PHRASES = PhraseSet(vocabulary.EXPLAINED_PHRASES)
_EXPLAINED = {
    first: [(phrase, reason) for phrase, reason in vocabulary.EXPLAINED_PHRASES.items() if phrase[0] == first]
    for first in {phrase[0] for phrase in vocabulary.EXPLAINED_PHRASES}
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was typed, at a column from 1; `strict` is it in the query language, if it is a word of that."""

    raw: str
    column: int
    text: str
    strict: str | None = None


class NoDateError(QueryError):
    """A date that doesn't exist is in the phrase of so many words, which is none of the query language."""

    def __init__(self, phrase: Sequence[Word]) -> None:
        named = " ".join(word.raw for word in phrase)
        super().__init__(f"There is no date {quoted(named)}.", phrase[0].raw, phrase[0].column)
        self.length = len(phrase)


Phrase = tuple[int, Callable[[Meaning], None]]
"""How many words a phrase takes, and what adds its meaning."""


@dataclass(frozen=True, slots=True)
class PhraseReader:
    """Reads phrases by what is known of the caller's names and day."""

    context: TypingContext

    def read(self, words: Sequence[Word]) -> Phrase:
        """Return the phrase that the words begin with. Raises QueryError if the first is not known."""
        if words[0].strict is not None:
            return 1, _part(words[0].strict)
        texts = tuple(word.text for word in words)
        for phrase, reason in _EXPLAINED.get(texts[0], ()):
            if texts[: len(phrase)] == phrase and not (len(phrase) == 1 and self._known_status(texts)):
                raise QueryError(reason, words[0].raw, words[0].column)
        longest = max(self._phrases(words), key=lambda each: each[0], default=None)
        if longest is None:
            raise self._unknown(words)
        return longest

    def _phrases(self, words: Sequence[Word]) -> Iterator[Phrase]:
        texts = [word.text for word in words]
        readers = (
            self._time, self._group, self._each_of, self._average, self._most, self._least, self._task, self._tasks,
            self._labelled, self._without, self._search, self._own_keys, self._status, self._oneself, self._team,
            self._comparing, self._word, self._name,
        )  # fmt: skip
        for reader in readers:
            try:
                found = reader(texts)
            except (ValueError, OverflowError) as error:
                raise _no_date(words, reader) from error
            if found is not None and all(self._may_be_read(word, reader) for word in words[: found[0]]):
                yield found

    def _may_be_read(self, word: Word, reader: Callable[[Sequence[str]], Phrase | None]) -> bool:
        """Return whether a word may be part of a phrase: one of the query language only as a name that is left out."""
        return word.strict is None or (reader == self._without and word.text.startswith("@"))

    # --- when --------------------------------------------------------------------------------------

    def _time(self, texts: Sequence[str]) -> Phrase | None:
        if not may_begin_time(texts[0].removesuffix("'s")):
            return None
        words = [each.removesuffix("'s") for each in texts]
        found = TimeReader(self.context.today).read(words)
        if found is None:
            return None
        count, times = found
        if count == 1 and (names := self.context.names.exact_meanings(words[0])):  # somebody is called April
            return 1, lambda meaning: meaning.name_time_or(times, names)
        return count, lambda meaning: meaning.times.append(times)

    # --- groups and counts -------------------------------------------------------------------------

    def _group(self, texts: Sequence[str]) -> Phrase | None:
        if texts[0] in vocabulary.ADVERBS:
            return 1, _each(vocabulary.ADVERBS[texts[0]])
        place = vocabulary.BY.length(texts)
        if place == 0 and texts[0] == "a" and set(texts[1:2]) & set(TIME_GROUPINGS):  # `how much do we spend a day`
            place = 1
        if place == 0:
            return None
        place += texts[place : place + 1] in (["the"], ["each"], ["single"])
        if (of_tasks := _of_tasks(texts, place)) is not None:
            return of_tasks
        if count := self._without_group(texts, place):
            return count, _part("")
        place += texts[place : place + 1] == ["team"] and _grouping(texts, place + 1) == "member"  # `by team member`
        name = _grouping(texts, place)
        if name is None:
            return None
        count, names = _second_group(texts, place + 1, name)
        return count, _each(*names) if texts[0] in _BEFORE_EACH else _part(f"by:{','.join(names)}")

    def _each_of(self, texts: Sequence[str]) -> Phrase | None:
        """Return the total for each that `day by day` and `each of us` ask for."""
        if texts[0] in TIME_GROUPINGS and texts[1:3] == ["by", texts[0]]:
            return 3, _each(texts[0])
        place = vocabulary.EACH_OF_THEM.length(texts)
        return (place, _each("member")) if place else None

    def _without_group(self, texts: Sequence[str], place: int) -> int:
        """Return how many words say nothing, as in `sorted by spend` and before a name in `spent by ana`; else 0."""
        if texts[place - 1] == "by" and set(texts[place : place + 1]) & vocabulary.SORTED_BY:
            return place + 1  # the costliest stand first in any case
        return int(texts[0] == "by" and self._is_somebody(texts[1:]))

    def _is_somebody(self, texts: Sequence[str]) -> bool:
        """Return whether the words begin with somebody's name, or with whoever asks."""
        if set(texts[:1]) & {"me", "myself"}:
            return True
        found = self._name_of(texts) if texts else None
        return bool(found and found[1][0].startswith("email:")) or "".join(texts[:1]).startswith(("@", "<@"))

    def _average(self, texts: Sequence[str]) -> Phrase | None:
        """Return the average that `on average`, `an average day` and `the mean` ask for."""
        place = int(texts[0] in {"on", "the"})
        text, what = (*texts[place : place + 2], "", "")[:2]
        if text not in vocabulary.AVERAGE and not (text == "mean" and (place or what in vocabulary.AVERAGED_NOUNS)):
            return None
        if what in vocabulary.TASKS and what.endswith("s"):  # `average tasks per day`
            return place + 2, Meaning.ask_for_average_number
        unit = vocabulary.AVERAGED.get(what, "")
        return place + 1 + bool(unit), lambda meaning: meaning.ask_for_average(unit)

    def _most(self, texts: Sequence[str]) -> Phrase | None:
        """Return what `top 10 users`, `most expensive tasks` and `top 5` ask for."""
        first = int(texts[0]) if _COUNT.fullmatch(texts[0]) and len(texts[0]) < _YEAR else None
        place = _end_of_most(texts, 0 if first is None else 1)
        if place == (0 if first is None else 1):
            return None
        number = _number(texts, place) if first is None else first
        if number is None and texts[place - 1] == "limit":  # `over their limit` is about budgets
            return None
        count = "" if number is None else f"top:{number}"
        place = _end_of_most(texts, place + (first is None and number is not None))
        what = texts[place] if place < len(texts) else ""
        if what in vocabulary.TASKS:
            is_number = texts[:place] == ["most"]  # `who ran the most tasks`
            return place + 1, Meaning.ask_for_most_tasks if is_number else _part(f"rows {count}".strip())
        name = "member" if what in vocabulary.SPENDERS else vocabulary.GROUPS.get(what)
        if what in TIME_GROUPINGS and not count and texts[place - 1] not in {"top", "limit"}:
            return place + 1, _part(f"by:{what} sort:cost")  # `the most expensive day`
        if what in TIME_GROUPINGS:  # `top 5 week to date`; days are `top 5 days`
            name = None
        return (place, _part(count)) if name is None else (place + 1, _part(f"by:{name} {count}".strip()))

    def _least(self, texts: Sequence[str]) -> Phrase | None:
        """Return what `the least`, `cheapest model` and `least expensive users` ask for, which stand last in a list."""
        place = int(bool(_COUNT.fullmatch(texts[0])))
        if set(texts[place : place + 1]) - vocabulary.LEAST or not texts[place:]:
            return None
        end = _end_of_most(texts, place + 1)
        if place or _number(texts, end) is not None or set(texts[end : end + 1]) & vocabulary.TASKS:
            return end, Meaning.ask_for_few_of_the_least
        name = "member" if set(texts[end : end + 1]) & vocabulary.SPENDERS else _grouping(texts, end)
        return (end, Meaning.ask_which_is_least) if name is None else (end + 1, _part(f"by:{name}"))

    def _task(self, texts: Sequence[str]) -> Phrase | None:
        """Return the task that an id names, alone or behind `task`."""
        place = int(texts[0] in vocabulary.TASKS and not texts[0].endswith("s"))
        place += bool(place) and texts[1:2] in (["id"], ["#"])
        text = texts[place].strip("#'\"") if place < len(texts) else ""
        is_id = _UUID.fullmatch(text) or (place and _ID.fullmatch(text) and not _COUNT.fullmatch(text))
        return (place + 1, _part(f"task:{quote(text)}")) if is_id else None

    def _tasks(self, texts: Sequence[str]) -> Phrase | None:
        """Return what `tasks` asks for; and `how many`, `how much of` and `why`, which ask for something else."""
        if texts[0] in vocabulary.TASKS:
            return 1, Meaning.ask_for_tasks
        if (place := vocabulary.OF_THE_WHOLE.length(texts)) and _is_whole(texts[place - 1], texts[place:]):
            return place, Meaning.ask_for_share
        if place := vocabulary.SHARE.length(texts):
            if texts[place : place + 1] in (["it"], ["that"], ["them"], ["those"]):
                return place + 1, Meaning.ask_for_share_of_it
            return place, Meaning.ask_for_share
        if place := vocabulary.WHY.length(texts):
            return place, Meaning.ask_why
        place = vocabulary.NUMBER.length(texts)
        is_count = texts[1:2] != ["much"]
        return (place, Meaning.ask_for_count if is_count else Meaning.ask_for_number) if place else None

    # --- filters and people ------------------------------------------------------------------------

    def _labelled(self, texts: Sequence[str]) -> Phrase | None:
        """Return the filter that `status failed`, `model opus` and `user marcus` are."""
        label, rest = vocabulary.GROUPS.get(texts[0]), texts[1:]
        if not rest:
            return None
        found = (self._known_status(rest) or self._status_of(rest)) if label == "status" else None
        if label in {"model", "member"} and any(each.startswith(_FILTERS[label]) for each in self._meanings(rest[0])):
            found = self._name_of(rest)
        return None if found is None else (1 + found[0], _part(*found[1]))

    def _without(self, texts: Sequence[str]) -> Phrase | None:
        place = vocabulary.LEAVING_OUT.length(texts)
        if place == 0:
            return None
        if on_keys := vocabulary.OWN_KEYS.length(texts[place:]):
            return place + on_keys, _part("byok:no")
        left_out: list[Part] = []
        while (found := self._also_left_out(texts, place, left_out)) is not None:
            place, part = found
            left_out.append(part)
        return (place, lambda meaning: meaning.parts.extend(left_out)) if left_out else None

    def _search(self, texts: Sequence[str]) -> Phrase | None:
        """Return what `search acme` and `tasks named recon` ask for: the tasks with the word in their titles."""
        place = vocabulary.SEARCHING.length(texts)
        text = texts[place].strip("\"'") if place and place < len(texts) else ""
        if not text or text in vocabulary.FILLER or any(mark in text for mark in "@<>:"):
            return None
        searched = _part(f"search:{quote(text)}")
        return place + 1, _listed(searched) if texts[0] in vocabulary.TASKS else searched

    def _own_keys(self, texts: Sequence[str]) -> Phrase | None:
        """Return what `byok` and `our own keys` ask for: the tasks on the team's own keys."""
        count = vocabulary.OWN_KEYS.length(texts)
        return (count, _part("byok:yes")) if count else None

    def _also_left_out(self, texts: Sequence[str], place: int, before: Sequence[Part]) -> tuple[int, Part] | None:
        """Return where what is left out ends that stands at a place, and it; None if it is asked for.

        After `without`, `opus and sonnet` are left out both. Of another kind than what stands `before` it, it may also
        be what is asked for, as in `not failed and opus`.
        """
        joint = set(texts[place : place + 1]) & vocabulary.JOINTS if before else set()
        place += bool(joint)
        found = self._named(texts[place:])
        if found is None:
            return None
        count, options = found
        excluded = tuple(f"-{each}" for each in options)
        is_of_kind = not before or excluded[0].partition(":")[0] in {each[0].partition(":")[0] for each in before}
        if is_of_kind or joint & {"or", "nor"}:
            return place + count, excluded
        return (place + count, (*excluded, *options)) if joint else None

    def _named(self, texts: Sequence[str]) -> tuple[int, Part] | None:
        """Return the status, person or model that the words begin with, and how many words it takes."""
        if self.context.own and set(texts[:1]) & {"me", "myself"}:
            return 1, (self.context.own,)
        return (self._status_of(texts) or self._name_of(texts)) if texts else None

    def _status(self, texts: Sequence[str]) -> Phrase | None:
        found = self._status_of(texts)
        return None if found is None else (found[0], _part(*found[1]))

    def _status_of(self, texts: Sequence[str]) -> tuple[int, Part] | None:
        """Return the filter of tasks that a word describes; `failed` are all that count as failed."""
        if texts[0] in vocabulary.FAILURES:
            return 1, (f"status:{','.join(FAILED_STATUSES)}",)
        return self._known_status(texts)

    def _known_status(self, texts: Sequence[str]) -> tuple[int, Part] | None:
        text, known = texts[0], {status.lower(): status for status in self.context.statuses}
        status = known.get(text) or known.get(vocabulary.STATUSES.get(text, ""))
        return None if status is None else (1, (f"status:{quote(status)}",))

    def _name(self, texts: Sequence[str]) -> Phrase | None:
        found = self._name_of(texts)
        return None if found is None else (found[0], _part(*found[1]))

    def _name_of(self, texts: Sequence[str]) -> tuple[int, Part] | None:
        """Return the person or model that the words begin with; the longest name counts."""
        for count in range(min(_LONGEST_NAME, len(texts)), 0, -1):
            if found := self._meanings(" ".join(texts[:count]).removeprefix("@")):
                return count, tuple(found)
        return None

    def _oneself(self, texts: Sequence[str]) -> Phrase | None:
        """Return whoever asks as one of several people, as in `me and marcus`; in `show me` it is none."""
        first, second, third = (*texts, "", "")[:3]
        if first in vocabulary.TELLING and second == "me" and third not in vocabulary.JOINTS:
            return 2, _part("me")
        if first in vocabulary.JOINTS and second in vocabulary.ONESELF:
            return 2, Meaning.name_oneself
        is_of_mine = second in _SPENT_OR_RUN and third in vocabulary.JOINTS
        is_joined = second in vocabulary.JOINTS or is_of_mine
        if first in {"me", "myself"} or (first in vocabulary.ONESELF and is_joined):
            return 1, Meaning.name_oneself
        return None

    def _meanings(self, name: str) -> Sequence[str]:
        names, owner = self.context.names, name.removesuffix("'s").removesuffix("'").removesuffix(_CHINESE_OWNER)
        found = names.meanings(name) or (names.meanings(owner) if owner != name else ())
        if found or len(name) < _SHORTEST_TYPO or not name.endswith("s"):
            return found
        return [each for each in names.exact_meanings(name.removesuffix("s")) if each.startswith("email:")]  # `anas`

    def _team(self, texts: Sequence[str]) -> Phrase | None:
        """Return the team beside one of its people, as in `me and the team`."""
        place = 1 + (texts[1:2] in (["the"], ["our"], ["my"]))
        team = texts[place] if place < len(texts) else ""
        is_joined = texts[0] in vocabulary.JOINTS and vocabulary.MEANINGS.get(team) == "team"
        return (place + 1, Meaning.name_team) if is_joined else None

    # --- comparisons -------------------------------------------------------------------------------

    def _comparing(self, texts: Sequence[str]) -> Phrase | None:
        text = texts[0]
        if text in vocabulary.COMPARING and (found := self._time_to_time(texts)) is not None:
            return found
        if text in vocabulary.VERSUS or (text in vocabulary.MORE_OR_LESS and texts[1:2] == ["than"]):
            place = 1 + (texts[1:2] in (["to"], ["with"], ["than"], ["between"]))
            return self._with_before(texts, place) or (place, self._comparison(texts, place))
        if text in vocabulary.MORE_OR_LESS and "than" in texts:  # `more this week than last week`
            return 1, _part("")
        if text in vocabulary.CHEAPER or (text in vocabulary.MORE_OR_LESS and set(texts[1:2]) & vocabulary.MOST):
            return 1, Meaning.compare_things  # `which is cheaper, opus or sonnet`
        if text in vocabulary.MORE_OR_LESS:
            return 1, Meaning.ask_which_is_more  # `who spent more, ana or marcus`
        return None

    def _time_to_time(self, texts: Sequence[str]) -> Phrase | None:
        """Return what `compare october to` begins, which is no range as `october to november` is elsewhere."""
        end = texts.index("to") if "to" in texts else 0
        if end == 0 or set(texts[end + 1 :]) & {"to", "with", *vocabulary.VERSUS}:
            return None
        begun = next((at for at in range(1, end) if texts[at] not in vocabulary.FILLER), end)
        words = [each.removesuffix("'s") for each in texts[begun:end]]
        found = TimeReader(self.context.today).read(words) if words else None
        if found is None or found[0] != len(words):
            return None
        return end + 1, lambda meaning: meaning.compare_time(found[1])

    def _comparison(self, texts: Sequence[str], place: int) -> Callable[[Meaning], None]:
        """Return the comparison with what stands at a place: a time, or things as in `compare opus and sonnet`.

        What is compared `with last month` is compared with that time too.
        """
        is_verb = texts[0] in vocabulary.COMPARING
        places = [at + 1 for at, text in enumerate(texts) if text == "with"] if is_verb else [place]
        times = TimeReader(self.context.today)
        is_of_times = any(texts[at:] and times.read(texts[at:]) is not None for at in places)
        return lambda meaning: meaning.compare(is_of_times=is_of_times, is_of_things=is_verb or not is_of_times)

    def _with_before(self, texts: Sequence[str], place: int) -> Phrase | None:
        """Return the comparison with the time just before that `the week before` and `the previous period` ask for."""
        place += texts[place : place + 1] == ["the"]
        for phrase in vocabulary.BEFORE:
            if tuple(texts[place : place + len(phrase)]) == phrase:
                return place + len(phrase), lambda meaning: meaning.compare_with_before()
        found = TimeReader(self.context.today).read(texts[place:]) if texts[place:] else None
        if found is None or texts[place + found[0] : place + found[0] + 1] not in (["before"], ["earlier"], ["prior"]):
            return None
        before = found[1][0]
        before = Calendar(before.unit, -1) if isinstance(before, Calendar) else before
        return place + found[0] + 1, lambda meaning: meaning.compare_with_before(before)

    # --- single words ------------------------------------------------------------------------------

    def _word(self, texts: Sequence[str]) -> Phrase | None:
        text = texts[0]
        if place := vocabulary.FILLER_PHRASES.length(texts):
            return place, _part("")
        if place := vocabulary.TREND.length(texts):
            return place, Meaning.ask_for_trend
        if text in vocabulary.JOINING and not self.context.names.exact_meanings(text):  # somebody is called Or
            return 1, Meaning.join
        if text in vocabulary.MEANINGS:
            is_each = vocabulary.AVERAGED.get(text) == "member"  # `what does a user cost on average`
            return 1, _each("member") if is_each else _part(vocabulary.MEANINGS[text])
        if text in vocabulary.FILLER:  # unless somebody is called so
            return 1, _part("", *self.context.names.exact_meanings(text))
        return None

    def _unknown(self, words: Sequence[Word]) -> QueryError:
        word, *following = words
        if word.text in vocabulary.NOT and following:
            return _not_left_out(following[0])
        if (word.text,) in vocabulary.BY and following:
            return self._unknown_group(following[0])
        if (reason := _explanation([word.text, *(each.text for each in following)])) is not None:
            return QueryError(reason, word.raw, word.column)
        if word.text in vocabulary.NEED_TIME:
            if (error := self._misspelt_time(following)) is not None:
                return error
            return QueryError(
                f"{quoted(word.raw)} needs a time after it, such as `last 7 days`.", word.raw, word.column
            )
        return _of_months(word) or _misspelt(f"I don't know {quoted(word.raw)}.", word, _SPELLABLE)

    def _misspelt_time(self, following: Sequence[Word]) -> MisspeltError | None:
        """Return the error about the word of a time that is misspelt behind `last`, `since` and the like; else None."""
        for word in following[:_BEFORE_UNIT]:
            if word.text in NUMBERS or word.text in {"the", "this", "last"} or _COUNT.fullmatch(word.text):
                continue
            if (error := _of_months(word)) is not None:
                return error
            is_known = word.text in _SPELLABLE_OR_FILLER or self.context.names.exact_meanings(word.text)
            reason = f"I don't know {quoted(word.raw)}."
            found = None if is_known else _misspelt(reason, word, vocabulary.CALENDAR, shortest=_SHORTEST_OF_TIME)
            return found if isinstance(found, MisspeltError) else None
        return None

    def _unknown_group(self, word: Word) -> QueryError:
        reason = f"I can't group by {quoted(word.text)}."
        error = _misspelt(reason, word, vocabulary.GROUPS)
        if isinstance(error, MisspeltError):
            return error
        known = enumeration(f"`by {name}`" for name in GROUPINGS)
        return QueryError(f"{reason} There are {known}.", word.raw, word.column)


def refused_length(error: QueryError, words: Sequence[Word]) -> int:
    """Return how many words the phrase has that they begin with and that the error is about; 1 if it is but a word."""
    if isinstance(error, NoDateError):
        return error.length
    is_of_time = len(words) > 1 and words[1].text in vocabulary.UNITS  # `next week`
    return (_EXPLAINED_PHRASES.length([word.text for word in words]) or 1) + is_of_time


def _no_date(words: Sequence[Word], reader: Callable[[Sequence[str]], Phrase | None]) -> NoDateError:
    """Return that the words begin with a date that doesn't exist: the fewest that a reader already fails on."""
    for count in range(1, len(words)):
        try:
            reader([word.text for word in words[:count]])
        except (ValueError, OverflowError):
            has_year = count < len(words) and len(words[count].text) == _YEAR and words[count].text.isdecimal()
            return NoDateError(words[: count + has_year])
    return NoDateError(words)


def _of_months(word: Word) -> MisspeltError | None:
    """Return that `3m` may be 3 months, or minutes; None for another word."""
    if (months := _MONTHS.fullmatch(word.text)) is None:
        return None
    meant = f"{months[1]} month{'' if months[1] == '1' else 's'}"
    return MisspeltError(f"I don't know {quoted(word.raw)}.", word.raw, word.column, near=meant, corrected=meant)


def _misspelt(reason: str, word: Word, known: Iterable[str], *, shortest: int = _SHORTEST_TYPO) -> QueryError:
    """Return the error about a word that is not known, with the known one that was meant if one is near."""
    is_typo = len(word.text) >= shortest and word.text not in vocabulary.SPELT_SO
    near = nearest_slip(word.text, known) if is_typo else None
    if near is None or near == word.text:
        return QueryError(reason, word.raw, word.column)
    corrected = re.sub(re.escape(word.text), near, word.raw, count=1, flags=re.IGNORECASE)
    return MisspeltError(reason, word.raw, word.column, near=near, corrected=corrected)


def _explanation(texts: Sequence[str]) -> str | None:
    """Return why what begins with the words cannot be answered: `undo`, `last night`, `last 5 tasks`; else None."""
    place = int(texts[0] in vocabulary.NEED_TIME or texts[0] in {"this", "the"})
    place += place > 0 and place < len(texts) and texts[place] in {"this", "the"}
    place += place < len(texts) and bool(_COUNT.fullmatch(texts[place]))
    text = texts[place] if place < len(texts) else ""
    if any(letter.isdigit() for letter in texts[0]) and set(texts[1:2]) & {"more", "extra"}:
        return vocabulary.NO_ADDING
    if _AMOUNT.fullmatch(texts[0]) or (_COUNT.fullmatch(texts[0]) and set(texts[1:2]) & _DOLLARS):
        return vocabulary.NO_AMOUNTS
    is_of_tasks = place > 0 and texts[0] in {"last", "recent", "previous"} and text in vocabulary.TASKS
    return vocabulary.NOT_LATEST if is_of_tasks else vocabulary.EXPLAINED.get(text)


def _not_left_out(word: Word) -> QueryError:
    """Return the error about a word behind `without` and the like that names nothing to leave out."""
    if word.strict is not None and word.text.startswith(("@", "<@")):
        reason = "I can't leave somebody out by a mention. Type the name, as in `everyone except ana`."
        return QueryError(reason, word.raw, word.column)
    return _misspelt(f"I don't know {quoted(word.raw)}.", word, _SPELLABLE)


def _is_whole(word: str, following: Sequence[str]) -> bool:
    """Return whether `of the whole` or `of the total` is all there is, and no more of a noun: `of the whole team`."""
    noun = following[0] if following else ""
    is_of_amount = not noun or noun.removesuffix("'s") in vocabulary.SPEND_NOUNS
    return is_of_amount or (word == "total" and vocabulary.MEANINGS.get(noun) != "team")


def _of_tasks(texts: Sequence[str], place: int) -> Phrase | None:
    """Return what `by tasks`, `by number of tasks` and `per task` ask for, whose tasks stand at a place; else None."""
    if texts[place - 1] == "by" and (count := vocabulary.NUMBER_OF_TASKS.length(texts[place:])):
        return place + count, Meaning.order_by_tasks
    is_so = set(texts[place : place + 1]) & vocabulary.TASKS
    return (place + 1, _for_tasks(texts[0], texts[place])) if is_so else None


def _for_tasks(by: str, tasks: str) -> Callable[[Meaning], None]:
    """Return what `by tasks`, `per task` and `which tasks` ask for."""
    if by == "by" and tasks.endswith("s"):
        return Meaning.order_by_tasks
    return Meaning.ask_for_each_task if by in {"by", "per", "each", "every"} else Meaning.ask_for_tasks


def _second_group(texts: Sequence[str], place: int, name: str) -> tuple[int, tuple[str, ...]]:
    """Return where a group ends before a place, and its name with the other one that may follow: `model and status`."""
    joint = place + (texts[place : place + 1] in (["and"], ["&"], ["then"]))
    joint += texts[joint : joint + 1] in (["by"], ["per"])
    other = _grouping(texts, joint)
    if other is None or (joint == place and other in TIME_GROUPINGS):  # `by model week`: this week
        return place, (name,)
    return joint + 1, (name, other)


def _grouping(texts: Sequence[str], place: int) -> str | None:
    return vocabulary.GROUPS.get(texts[place]) if place < len(texts) else None


def _number(texts: Sequence[str], place: int) -> int | None:
    if place >= len(texts):
        return None
    return int(texts[place]) if _COUNT.fullmatch(texts[place]) else NUMBERS.get(texts[place])


def _end_of_most(texts: Sequence[str], place: int) -> int:
    while place < len(texts) and texts[place] in vocabulary.MOST:
        place += 1
    return place


def _listed(add: Callable[[Meaning], None]) -> Callable[[Meaning], None]:
    """Return what adds the same, and asks for tasks."""

    def added(meaning: Meaning) -> None:
        meaning.ask_for_tasks()
        add(meaning)

    return added


def _each(*names: str) -> Callable[[Meaning], None]:
    return lambda meaning: meaning.split_by_each(names)


def _part(*options: str) -> Callable[[Meaning], None]:
    return lambda meaning: meaning.parts.append(options)
