"""What people type is understood as the manual says, or not at all: no word is dropped, and nothing is guessed."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bot.domain.everyday.commands import command_line
from bot.domain.everyday.exact_commands import exact_line, politely_asked
from bot.domain.everyday.meaning import TypingContext
from bot.domain.everyday.understanding import understand
from bot.domain.everyday.vocabulary import FILLER, JOINTS
from bot.domain.query.checks import MAX_LINE
from bot.domain.query.errors import AmbiguousError, QueryError, UnknownWordError
from bot.domain.query.parser import parse
from bot.domain.query.question import Question, describe
from bot.domain.query.when import compares_with
from bot.domain.tasks import UPSTREAM_STATUSES
from bot.domain.text import without_accents
from bot.ledger.names import by_name, names_of_email, names_of_person, plain_names_of_person
from tests.support.commands import COMMANDS
from tests.support.effort import amount

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)  # the Sunday of the manual's page
MANUAL = Path(__file__).parents[3] / "docs" / "typing.md"
PEOPLE = {
    "Marcus Delgado": "marcus.delgado@acme.dev",
    "Ana Silva": "ana@acme.dev",
    "Sean O'Brien": "o'brien@acme.dev",
    "José Ruiz": "jose@acme.dev",
    "王芳": "wang@acme.dev",
}
MODELS = ("opus", "sonnet", "haiku")
ROW = re.compile(r"\| (`.*?`+) \| (.*?) \|")
SENTENCES = amount(100_000, 2_000)
UNKNOWN = ("frobnicate", "zzyzx", "plover", "xyzzy42", "größenwahn", "что", "模型们")


class Team:
    """The names of the manual's team, and of whoever else is called something."""

    def __init__(self, **people: str) -> None:
        everybody = PEOPLE | people
        self.people = by_name(
            (name, email)
            for person, email in everybody.items()
            for name in (*names_of_person(person), *plain_names_of_person(person), *names_of_email(email))
        )

    def exact_meanings(self, name: str) -> list[str]:
        found = self.people.get(name) or self.people.get(without_accents(name), ())
        quoted = [f'email:"{email}"' if "'" in email else f"email:{email}" for email in found]
        return [*quoted, *(f"model:{name}" for model in MODELS if model == name)]

    meanings = exact_meanings


CONTEXT = TypingContext(
    NOW.date(),
    UPSTREAM_STATUSES,
    Team(),
    lambda when, other: compares_with(when, other, NOW, UTC),
    "email:ana@acme.dev",
)


def understood(line: str, team: Team | None = None) -> tuple[str, ...]:
    """The lines that a typed line may mean: itself, if it is one of the query language."""
    context = replace(CONTEXT, names=team or CONTEXT.names)
    try:
        return (describe(asked(line)),)
    except QueryError:
        return tuple(describe(asked(each)) for each in understand(line, context))


def lines_or_error(line: str) -> tuple[str, ...] | str:
    try:
        return understood(line)
    except QueryError as error:
        return str(error)


def asked(line: str) -> Question:
    return parse(line, now=NOW, zone=UTC)


def refused(line: str, team: Team | None = None) -> QueryError:
    with pytest.raises(QueryError) as raised:
        understood(line, team)
    return raised.value


def rows_of(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The rows of the tables in a text of the manual."""
    rows = [ROW.match(line) for line in text.splitlines()]
    return [(_code(row[1]), tuple(map(_code, row[2].split(" or ")))) for row in rows if row]


def manual() -> list[tuple[str, tuple[str, ...]]]:
    """The rows of the manual's page about questions."""
    questions, _, commands = MANUAL.read_text(encoding="utf-8").partition("\n## Commands\n")
    found = rows_of(questions) + rows_of(commands.partition("\n## ")[2])
    assert len(found) > 300
    return found


def manual_of_commands() -> list[tuple[str, tuple[str, ...]]]:
    """The rows of the manual's page about commands."""
    found = rows_of(MANUAL.read_text(encoding="utf-8").partition("\n## Commands\n")[2].partition("\n## ")[0])
    assert len(found) > 10
    return found


def _code(cell: str) -> str:
    marks = re.match("`*", cell)
    assert marks is not None
    text = cell[marks.end() : len(cell) - marks.end()]
    return (text.strip() if marks.end() > 1 else text).replace("\\|", "|")


@pytest.mark.parametrize(("line", "meanings"), manual(), ids=lambda value: str(value)[:40])
def test_it_means_what_the_manual_says(line: str, meanings: tuple[str, ...]) -> None:
    assert understood(line) == meanings
    assert all(
        read is None for read in (exact_line(line, COMMANDS), command_line(line), politely_asked(line, COMMANDS))
    )


@pytest.mark.parametrize(("line", "command"), manual_of_commands(), ids=lambda value: str(value)[:40])
def test_it_is_the_command_that_the_manual_says(line: str, command: tuple[str, ...]) -> None:
    assert command == (command_line(line),)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("frobnicate", "frobnicate"),
        ("how much did zaphod spend last week", "zaphod"),
        ("team lst week", "lst"),
        ("spend by modle", "modle"),
        ("marcus and zaphod", "zaphod"),
        ("last 0 days", "last"),
        ("top -5", "-5"),
        ("1e9 days", "1e9"),
        ("team 7d 10.000", "10.000"),
    ],
)
def test_what_is_not_known_is_named(line: str, word: str) -> None:
    assert refused(line).word == word


@pytest.mark.parametrize(
    "line",
    [
        "today and last week", "today vs last week", "vs tuesday", "today vs", "nov 31", "30.02.2026", "13/13/2026",
        "by model status member", "top 5 top 6", "rows by model", "2026-13-01", "last 999999 years", '"unclosed',
        "nov 15 to nov 1 2020", "october to last year", "november to last month",
        "next week", "tomorrow", "999999 days ago", "999999 weeks ago", "999999 months ago",
        "9999/12 vs 2026", "today vs 9999-12", "after 9999-12-31", "after 2999", "0001/01 vs today",
        "1/1/0001 vs 1/1/0002", "since 9999/12",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(line: str) -> None:
    assert str(refused(line))


@pytest.mark.parametrize("line", ["@ana and marcus", "compare marcus with @ana", "me and @marcus", "<@U02ANA> or josé"])
def test_people_named_in_two_ways_are_not_taken_for_tasks_of_both(line: str) -> None:
    assert refused(line).reason.startswith("Name everybody with `@`, or everybody by name")


def test_what_could_mean_two_things_is_asked_back() -> None:
    april = Team(**{"April Jones": "april@acme.dev", "Bill Gray": "bill@acme.dev", "Sam Ash": "sam.a@acme.dev"})
    assert understood("april", april) == ("2026-04", "email:april@acme.dev")
    assert understood("april 2026", april) == ("2026-04",)
    assert understood("bill for today", april) == ("today", "today email:bill@acme.dev")
    assert understood("4/5/2026") == ("2026-04-05", "2026-05-04")
    sams = Team(**{"Sam Ash": "sam.a@acme.dev", "Sam Bay": "sam.b@acme.dev"})
    assert understood("sam today", sams) == ("today email:sam.a@acme.dev", "today email:sam.b@acme.dev")
    assert understood("sam bay today", sams) == ("today email:sam.b@acme.dev",)


def test_whoever_is_called_like_a_month_or_a_filler_word_is_asked_about_unless_the_line_says_which_it_is() -> None:
    people = {"April Jones": "april@acme.dev", "Jan Ek": "jan@acme.dev", "May Lee": "may@acme.dev"}
    team = Team(**people, **{"Bill Gray": "bill@acme.dev"})
    assert understood("april's spend", team) == ("2026-04", "email:april@acme.dev")
    assert understood("jan's tasks", team) == ("2026-01 rows", "email:jan@acme.dev rows")
    assert understood("may's spend last week", team) == ("last week email:may@acme.dev",)
    assert understood("april last week", team) == ("last week email:april@acme.dev",)
    assert understood("what's the bill for @ana", team) == ("@ana",)
    assert understood("how much did @ana spend in jan", team) == ("@ana 2026-01",)
    assert understood("tuesday's spend", team) == ("2026-11-24",)
    assert refused("april and @marcus and bill@acme.dev", team).reason.startswith("Name everybody with `@`")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("spend of the whole team on opus", "team model:opus"),
        ("tasks of the whole team that failed yesterday", "team yesterday status:error,failed rows"),
        ("spend of the whole company on opus", "team model:opus"),
        ("spend on opus of the whole month", "this month model:opus"),
        ("spend on opus of the whole last week", "last week model:opus"),
        ("how much is opus of the whole", "by:model"),
        ("how much did I spend the whole week", "this week"),
        ("the entire team yesterday", "team yesterday"),
        ("how much is opus of the total spend last week", "last week by:model"),
        ("how much is opus of the total last week", "last week by:model"),
        ("i mean last week", "last week"),
        ("our average a day last week", "team last week average:day"),
        ("average cost per task of failed tasks", "status:error,failed average:task"),
        ("avg weekly spend in october", "2026-10 average:week"),
        ("what does a user cost on average", "team average:member"),
        ("spend per head on average", "team average:member"),
        ("how much does ana spend per day on average", "email:ana@acme.dev average:day"),
        ("average of me and marcus per day", "email:ana@acme.dev,marcus.delgado@acme.dev average:day"),
        ("the mean cost of a task", "average:task"),
        ("average by day", "by:day average:day,task"),
        ("average by tasks", "average:task"),
        ("by tasks", "rows"),
        ("top 3 by tasks", "top:3 rows"),
        ("who by the tasks", "by:member sort:tasks"),
        ("iso week 47", "2026-W47"),
        ("how much did the team spend in week 47", "team 2026-W47"),
        ("how much did the team spend in 2026-W47", "team 2026-W47"),
        ("spend in 2026-w47 by model", "2026-W47 by:model"),
        ("our spend in w47 of 2025 please", "team 2025-W47"),
        ("our spend from 2026-11-01..2026-11-10 please", "team 2026-11-01..2026-11-10"),
        ("from october until this year", "2026-10..2026-12"),
        ("from october to this quarter", "2026-10..2026-12"),
        ("our spend 2026-W40..2026-W47 please", "team 2026-W40..2026-W47"),
    ],
)
def test_words_mean_what_they_say_together(line: str, meant: str) -> None:
    assert understood(line) == (meant,)


def test_whoever_is_called_like_a_misspelt_day_or_a_word_near_one_is_found() -> None:
    team = Team(**{"Wednesday Addams": "wa@acme.dev", "April May": "am@acme.dev", "Sundar Ray": "sr@acme.dev"})
    for name, email in (("wednesday addams", "wa"), ("april may", "am"), ("sundar", "sr"), ("sundar ray", "sr")):
        assert understood(f"spend of {name} last week", team) == (f"last week email:{email}@acme.dev",)


def test_a_status_means_itself_whatever_it_is_called() -> None:
    context = replace(CONTEXT, statuses={*UPSTREAM_STATUSES, "declined"})
    assert understand("declined tasks last week", context) == ("status:declined rows last week",)
    assert understand("declined", context) == ("status:declined",)


def test_however_often_a_name_that_means_two_things_is_said_it_is_asked_back_once() -> None:
    months = {f"{name} Gray": f"{name.lower()}@acme.dev" for name in ("Bill", "April", "May", "June", "Will", "Mark")}
    team = Team(**months)
    assert understood(" ".join(["bill"] * 500), team) == ("", "email:bill@acme.dev")
    assert "That could mean 8 things." in str(refused("bill april may june", team))
    assert "things" in str(refused("bill april may june " * 100, team))


@pytest.mark.parametrize(
    ("line", "said", "instead"),
    [
        ("spend by modle", 'I can\'t group by "modle". Did you mean `model`? Try `spend by model`.', "spend by model"),
        ("spend by:modle", 'I can\'t group by "modle". Did you mean `model`? Try `spend by:model`.', "spend by:model"),
        (
            "show Yesterdya by modle please",
            'I don\'t know "Yesterdya". Did you mean `yesterday`? Try `show yesterday by model please`.',
            "show yesterday by model please",
        ),
        ("spend yesterdya by frobnicate", 'I don\'t know "yesterdya". Did you mean `yesterday`?', None),
        ("how much did zaphod spend", 'I don\'t know "zaphod". `help` shows what you can ask.', None),
        ("spend by frob", 'I can\'t group by "frob". There are `by member`, `by model`, ', None),
        ("spend since", '"since" needs a time after it, such as `last 7 days`.', None),
        ("spend nov 31", 'There is no date "nov 31". `help` shows what you can ask.', None),
        ("feb 30 2026 by model", 'There is no date "feb 30 2026". Try `by:model`, or ask for `help`.', None),
        ("31st of november", 'There is no date "31st of november". `help` shows what you can ask.', None),
        ("nov 28 to nov 31", 'There is no date "nov 28 to nov 31". `help` shows what you can ask.', None),
        ("today and last week", "You gave two times. One is enough, or a range such as `nov 1 to nov 15`.", None),
        ('spend "opus', "A quote isn't closed. `help` shows what you can ask.", None),
        ("today vs", "A comparison takes two times, models or people, such as `today vs yesterday` or", None),
        ("compare opus", "A comparison takes two times, models or people, such as `today vs yesterday` or", None),
        ("median per task", "I know averages, but not medians.", None),
        ("average per day by model", "I average the total of an answer, not each of its groups", None),
        ("what does a median cost", "I know averages, but not medians.", None),
        ("what is a credit supposed to mean", "Amounts are in US dollars.", None),
        ("what does a credit cost", "Amounts are in US dollars. One Neo credit is $10, and answers show both.", None),
        ("spend in euros", "Amounts are in US dollars.", None),
        ("tasks over $10", "I can't leave tasks out by what they cost. Try `rows`: the most", None),
        ("spend > 100", "I can't leave tasks out by what they cost.", None),
        (
            "give ana $20 more",
            "I can't add to a limit. Type the new one: `budget request 500/month` for yours, or `budget @ana",
            None,
        ),
        ("who can see my spend", "Operators see everybody's spend and set budgets. Everybody else sees", None),
        ("am I an operator", "Operators see everybody's spend", None),
        ("who hasn't spent anything this week", "I only list who spent something.", None),
        ("cancel the digest", "To stop a subscription, type `unsubscribe`.", None),
        ("what was in yesterday's digest", "Type `digest` to see this morning's.", None),
        ("projected spend for december", "I only know what was spent.", None),
        ("cost per task by model", "I average the total of an answer, not each of its groups", None),
        ("since this morning", "I don't know parts of a day.", None),
        ("what did my last task cost", "I list the most expensive tasks first, and can't list the latest.", None),
        ("how much of it is used", "I don't know what you mean by `it`.", None),
        ("totl this month", 'I don\'t know "totl". Did you mean `total`?', "total this month"),
        ("who went up the most", "I can't rank by change.", None),
        ("biggest increase since last week", "I can't rank by change.", None),
        ("the limit was what", 'I don\'t know "limit".', None),
        ("undo that", "I can't undo. `budgets` and `subscriptions` show what is set", None),
        (
            "last night",
            "I don't know parts of a day. Try `yesterday`, or hours, such as `yesterday 9am to noon`.",
            None,
        ),
        ("yesterday evening", "I don't know parts of a day.", None),
        ("double ana's limit", "I can't add to a limit.", None),
        ("did my request go through", "Operators approve or decline a request by its buttons", None),
        ("cancel my request", "Operators approve or decline a request by its buttons", None),
        ("approve ana's request", "Operators approve or decline a request by its buttons", None),
        ("past 90 minutes", "The shortest time is an hour: `1h`.", None),
        ("my last 5 tasks", "I list the most expensive tasks first, and can't list the latest.", None),
        ("latest tasks", "I list the most expensive tasks first, and can't list the latest.", None),
        ("spend next week", "I only know what was spent.", None),
        ("3m by model", 'I don\'t know "3m". Did you mean `3 months`?', "3 months by model"),
        ("last 1m", 'I don\'t know "1m". Did you mean `1 month`?', "last 1 month"),
        ("weekdays last month", "I can't pick kinds of days.", None),
        ("timed out yesterday", "I can't filter by what went wrong. `errors` shows the causes", None),
        ("this fiscal year", "I know days, weeks, months, quarters and years of the calendar.", None),
        ("cheapest", "I list what cost most first. The cheapest stand last, in `by:model`", None),
        ("who am i", "I know people by their Slack e-mail, or by a link that an operator set.", None),
        ("week 99", 'There is no date "week 99".', None),
        ("show me more", "A comparison takes two times, models or people, such as", None),
        ("the 3 cheapest models", "I list what cost most first. The cheapest stand last, in `by:model`", None),
        ("cheapest tasks", "I list what cost most first.", None),
        ("last days of november", "You gave two times.", None),
        ("everyone except zaphod", 'I don\'t know "zaphod".', None),
        ("spend in Ocotber", 'I don\'t know "Ocotber". Did you mean `october`?', "spend in october"),
        ("wensday", 'I don\'t know "wensday". Did you mean `wednesday`?', "wednesday"),
        ("tusday to thrusday", 'I don\'t know "tusday". Did you mean `tuesday`?', "tuesday to thursday"),
        ("team last wek", 'I don\'t know "wek". Did you mean `week`?', "team last week"),
        ("past 2 mnths", 'I don\'t know "mnths". Did you mean `months`?', "past 2 months"),
        ("since the last wekend", 'I don\'t know "wekend". Did you mean `weekend`?', "since the last weekend"),
        ("this quater", 'I don\'t know "quater". Did you mean `quarter`?', "this quarter"),
        ("prevoius week", 'I don\'t know "prevoius". Did you mean `previous`?', "previous week"),
        ("last ana", '"last" needs a time after it', None),
        ("since ray", '"since" needs a time after it', None),
        ("the other day", "I don't know which day that was. Name it, such as `yesterday` or `tuesday`.", None),
        ("error rate", 'I don\'t know "rate". Try `status:error`, or ask for `help`.', None),
        ("send csv", 'I don\'t know "send". Try `csv`, or ask for `help`.', None),
        ("search", 'I don\'t know "search". `help`', None),
        ("version", 'I don\'t know "version". `help`', None),
        ("cheers mate", 'I don\'t know "mate". `help`', None),
        ("the rest", 'I don\'t know "rest". `help`', None),
        ("spend of zach", 'I don\'t know "zach". `help`', None),
        ("everyone except <@U02ANA>", "I can't leave somebody out by a mention. Type the name, as in `everyone", None),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_type(line: str, said: str, instead: str | None) -> None:
    error = refused(line)
    assert str(error).startswith(said)
    assert error.instead == instead
    assert instead is None or understood(instead)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("running tasks", "No task that I've read has this status"),
        ("tasks in progress", "No task that I've read has this status"),
        ("running total", "I can't add up from day to day"),
        ("longest tasks", "not by how long they took"),
        ("growth", "Each answer says how its total changed"),
        ("change since last week", "Each answer says how its total changed"),
        ("hourly", "I can't split by the hour"),
        ("any anomalies", "I can't search for unusual spend"),
        ("burn rate", "I know averages, and a forecast"),
    ],
)
def test_what_cannot_be_answered_is_explained(line: str, why: str) -> None:
    assert why in str(refused(line))


def test_a_line_to_try_has_nothing_of_the_words_that_cannot_be_answered() -> None:
    assert "Try `me`" in str(refused("can anyone see my spend"))


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("compared to friday", ("this month", "2026-11-27")),
        (
            "ana last month and opus today",
            ("last month email:ana@acme.dev model:opus", "today email:ana@acme.dev model:opus"),
        ),
        ("today vs last week", ("today", "last week")),
        ("this week last week", ("this week", "last week")),
        ("opus this month, october", ("this month model:opus", "2026-10 model:opus")),
        (
            "opus and sonnet today yesterday",
            ("today model:opus,sonnet by:model", "yesterday model:opus,sonnet by:model"),
        ),
        ("opus yesterday compared to the week before", ("yesterday model:opus", "last week model:opus")),
        ("did we spend more than the week of oct 5", ("team this month", "team 2026-W41")),
    ],
)
def test_what_no_answer_compares_comes_with_a_line_for_each_time(line: str, lines: tuple[str, ...]) -> None:
    error = refused(line)
    assert isinstance(error, AmbiguousError)
    assert tuple(describe(asked(each)) for each in error.lines) == lines
    assert str(error).startswith(("I can't compare these two in one answer", "You gave two times."))


@pytest.mark.parametrize(
    ("line", "understood_part", "is_name"),
    [
        ("how much did zaphod spend last week by model", "last week by:model", True),
        ("zaphod's tasks yesterday", "yesterday rows", True),
        ("spend of zaphod beeblebrox for opus", "model:opus", True),
        ("team frobnicate", "team", False),
        ("team lst week", "team", False),
        ("wednesday addams", "2026-11-25", False),
        ("coming week by user", "by:member", False),
        ("frobnicate", "", False),
        ("sam and frobnicate", "", False),
    ],
)
def test_an_unknown_word_comes_with_what_else_was_understood(line: str, understood_part: str, is_name: bool) -> None:  # noqa: FBT001 - a case
    sams = Team(**{"Sam Ash": "sam.a@acme.dev", "Sam Bay": "sam.b@acme.dev"})
    error = refused(line, sams)
    assert isinstance(error, UnknownWordError)
    assert describe(asked(error.understood)) == understood_part
    assert error.is_name is is_name
    assert error.advice == (
        f"Try `{error.understood}`, or ask for `help`." if understood_part else "`help` shows what you can ask."
    )


def test_two_of_one_name_are_asked_back_with_a_line_for_each_that_lays_both_sides_side_by_side() -> None:
    sams = Team(**{"Sam Ash": "sam.a@acme.dev", "Sam Bay": "sam.b@acme.dev"})
    assert understood("compare sam and ana", sams) == (
        "email:sam.a@acme.dev,ana@acme.dev by:member",
        "email:sam.b@acme.dev,ana@acme.dev by:member",
    )


def test_whoever_asks_is_a_side_only_beside_one_other_person() -> None:
    assert understood("show me opus vs sonnet") == ("model:opus,sonnet by:model",)
    assert understood("show me marcus vs josé") == ("email:marcus.delgado@acme.dev,jose@acme.dev by:member",)


@pytest.mark.parametrize("line", ["whos over there limit", "who over there limit", "who is past the limit"])
def test_a_limit_without_a_number_is_not_dropped(line: str) -> None:
    assert refused(line).instead is None


def test_who_is_not_known_is_no_side() -> None:
    with pytest.raises(QueryError, match="I don't know which member you are"):
        understand("me and marcus", replace(CONTEXT, own=""))


def test_a_key_means_the_same_as_its_word() -> None:
    assert understood("after:2026-11-10") == understood("after 2026-11-10") == ("from:2026-11-11",)


# --- laws ----------------------------------------------------------------------------------------


TIMES = [line for line, meanings in manual()[:120] if len(meanings) == 1]
PARTS = (
    "by model",
    "per user",
    "opus",
    "failed",
    "marcus",
    "everyone",
    "top 5",
    "as csv",
    "without byok",
    "model=opus",
)


def sentence(random: Random) -> list[str]:
    """A sentence as a list of phrases: a time, and some more."""
    phrases = random.sample(PARTS, random.randrange(4))
    phrases.insert(random.randrange(len(phrases) + 1), random.choice(TIMES))
    return phrases


def outcome(phrases: Sequence[str]) -> object:
    try:
        return sorted(sorted(line.split()) for line in understood(" ".join(phrases)))
    except QueryError as error:
        return type(error)


# of times and groups, or between two names: filler only before a word that they begin nothing with
BEGINNINGS = {"for", "in", "to", "the", "of", "a", "an", "which", "what", "breakdown", *JOINTS}


def test_filler_changes_nothing() -> None:
    random, filler = Random(1), sorted(FILLER - BEGINNINGS)
    for _ in range(SENTENCES // 20):
        phrases = sentence(random)
        longer = [*phrases]
        for _ in range(3):
            longer.insert(random.randrange(len(longer) + 1), random.choice(filler))
        assert outcome(longer) == outcome(phrases), longer


def test_filler_that_may_begin_a_phrase_changes_nothing_where_it_begins_none() -> None:
    random, beginnings = Random(4), sorted(BEGINNINGS)
    for _ in range(SENTENCES // 20):
        phrases = sentence(random)
        longer = [*phrases]
        longer.insert(random.randrange(len(longer) + 1), f"please {random.choice(beginnings)} please")
        assert outcome(longer) == outcome(phrases), longer


def test_no_unknown_word_is_dropped() -> None:
    random = Random(2)
    for _ in range(SENTENCES // 20):
        phrases, unknown = sentence(random), random.choice(UNKNOWN)
        phrases.insert(random.randrange(len(phrases) + 1), unknown)
        assert unknown in str(refused(" ".join(phrases))), phrases


PIECES = """
by per last 7 days nov 1 to 15 since 2026-11-01 top 10 users opus marcus vs not , - : = " ' <@U1> @ana status: =failed
\u2014 \U0001f680 ` * ( ) .. 11/5 q4 from: --by
"""


@pytest.mark.slow
def test_each_sentence_has_an_answer_which_reads_as_itself() -> None:
    random = Random(3)
    words = [*sorted(FILLER), *UNKNOWN, *PIECES.split()]
    meant = 0
    for _ in range(SENTENCES):
        line = " ".join(random.choices(words, k=random.randrange(1, 9)))
        lines = lines_or_error(line)
        meant += not isinstance(lines, str)
        assert lines
        for each in () if isinstance(lines, str) else lines:
            assert describe(asked(each)) == each
    assert meant > SENTENCES / 50


@pytest.mark.slow
def test_a_line_as_long_as_may_be_is_looked_at_quickly_enough_to_be_answered() -> None:
    for part in ("a ", "last ", "1 ", "by ", "*", "`", ": ", "x", "jan 1 to ", "top ", '" ', "(", "<@"):
        line = (part * MAX_LINE)[:MAX_LINE]
        assert lines_or_error(line)
