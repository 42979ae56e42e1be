"""A typed line is a question, which is said back as a line; or an error with the word, its place and what to type."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.periods import Unit
from bot.domain.query.checks import MAX_LINE, MAX_VALUES
from bot.domain.query.errors import ExactError, QueryError
from bot.domain.query.parser import parse
from bot.domain.query.question import Field, Filter, Question, describe, quote
from bot.domain.query.tokens import clean
from bot.domain.query.when import EVER, THIS_MONTH, Calendar, Days, Hours, PointInTime, Range
from bot.domain.query.when_parser import parse_edge
from bot.domain.tasks import UPSTREAM_STATUSES
from tests.support.effort import amount, examples

NOW = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
UUID = "0b6c2f1e-1111-2222-3333-444455556666"
TODAY, YESTERDAY = Calendar(Unit.DAY, 0), Calendar(Unit.DAY, -1)
LAST_MONTH = Calendar(Unit.MONTH, -1)
UTC_SINCE = "from:2026-11-20T09:00:30Z"


def asked(line: str, *more_statuses: str) -> Question:
    return parse(line, now=NOW, zone=BERLIN, statuses=(*UPSTREAM_STATUSES, *more_statuses))


def refused(line: str, *more_statuses: str) -> QueryError:
    with pytest.raises(QueryError) as raised:
        asked(line, *more_statuses)
    return raised.value


# --- lines that are questions --------------------------------------------------------------------


def only(name: str, *values: str) -> Question:
    return Question(filters=(Filter(Field(name), values),))


def since(moment: str) -> Question:
    return Question(when=Range(parse_edge(moment), None))


def but(name: str, *values: str) -> Question:
    return Question(filters=(Filter(Field(name), values, exclude=True),))


@pytest.mark.parametrize(
    ("line", "question", "said"),
    [
        ("", Question(), ""),
        ("   ", Question(), ""),
        ("me", Question(), ""),
        ("team", Question(team=True), "team"),
        ("TEAM Yesterday", Question(team=True, when=YESTERDAY), "team yesterday"),
        ("team team me", Question(team=True), "team"),
        # whose
        ("<@U1>", Question(people=("<@U1>",)), "<@U1>"),
        ("<@U1|ana>", Question(people=("<@U1>",)), "<@U1>"),
        ("<@u1|Ana B> <@W2>", Question(people=("<@U1>", "<@W2>")), "<@U1> <@W2>"),
        ("@Ana @bob @ana", Question(people=("@ana", "@bob")), "@ana @bob"),
        ("Ana@Acme.dev", only("email", "ana@acme.dev"), "email:ana@acme.dev"),
        ("a@b.c d@e.f a@b.c", only("email", "a@b.c", "d@e.f"), "email:a@b.c,d@e.f"),
        ("<mailto:a@b.c|a@b.c>", only("email", "a@b.c"), "email:a@b.c"),
        ("email:<mailto:A@B.c|A@B.c>", only("email", "a@b.c"), "email:a@b.c"),
        ("-email:a@b.c", but("email", "a@b.c"), "-email:a@b.c"),
        ("email:unattributed", only("email", "unattributed"), "email:unattributed"),
        # when
        ("today", Question(when=TODAY), "today"),
        ("24H", Question(when=Hours(24)), "24h"),
        ("7d", Question(when=Days(7)), "7d"),
        ("4w", Question(when=Days(28, weeks=True)), "4w"),
        ("last month", Question(when=LAST_MONTH), "last month"),
        ("Last   MONTH", Question(when=LAST_MONTH), "last month"),
        ("last\u00a0month", Question(when=LAST_MONTH), "last month"),
        ('"last month"', Question(when=LAST_MONTH), "last month"),
        ("mtd", Question(when=THIS_MONTH), "this month"),
        ("from:2026-11-20 09:00", since("2026-11-20t09:00"), "from:2026-11-20T09:00"),
        ("from:2026-11-20 09:00:30 UTC team", replace(since("2026-11-20t09:00:30z"), team=True), f"team {UTC_SINCE}"),
        ('from:"2026-11-20 09:00"', since("2026-11-20t09:00"), "from:2026-11-20T09:00"),
        # filters
        ("status:error,failed", only("status", "error", "failed"), "status:error,failed"),
        ("STATUS:Error status:FAILED,error", only("status", "error", "failed"), "status:error,failed"),
        ("-status:completed", but("status", "completed"), "-status:completed"),
        ("model:Opus", only("model", "Opus"), "model:Opus"),
        ("model:a,b,a", only("model", "a", "b"), "model:a,b"),
        ('model:"opus 4"', only("model", "opus 4"), 'model:"opus 4"'),
        ("model:\u201copus 4\u201d", only("model", "opus 4"), 'model:"opus 4"'),
        ("model:\u2018opus 4\u2019", only("model", "opus 4"), 'model:"opus 4"'),
        ('model:"a,b",c', only("model", "a,b", "c"), 'model:"a,b",c'),
        ("model:anthropic:opus", only("model", "anthropic:opus"), 'model:"anthropic:opus"'),
        ("search:it's", only("search", "it's"), 'search:"it\'s"'),
        ("search:it\u2019s", only("search", "it's"), 'search:"it\'s"'),
        ("search:'it's here'", only("search", "it's here"), 'search:"it\'s here"'),
        ("search:<http://acme.dev|acme.dev>", only("search", "acme.dev"), "search:acme.dev"),
        ('search:"<@U1>"', only("search", "<@U1>"), 'search:"<@U1>"'),
        (f"task:{UUID}", only("task", UUID), f"task:{UUID}"),
        ("byok:yes", Question(byok=True), "byok:yes"),
        ("byok:NO byok:false", Question(byok=False), "byok:no"),
        ("byok:true", Question(byok=True), "byok:yes"),
        # groups, order, form
        ("by:member", Question(by=("member",)), "by:member"),
        ("by:member,model", Question(by=("member", "model")), "by:member,model"),
        ("by:Model by:member by:model", Question(by=("model", "member")), "by:model,member"),
        ("by:day,status", Question(by=("day", "status")), "by:day,status"),
        ("by:tool,member", Question(by=("tool", "member")), "by:tool,member"),
        ("by:agent sort:tasks", Question(by=("agent",), sort="tasks"), "by:agent sort:tasks"),
        ("sort:NAME", Question(sort="name"), "sort:name"),
        ("top:20", Question(top=20), "top:20"),
        ("top:007", Question(top=7), "top:7"),
        ("top:1000000", Question(top=1_000_000), "top:1000000"),
        ("csv rows", Question(rows=True, csv=True), "rows csv"),
        ("rows sort:cost", Question(rows=True, sort="cost"), "sort:cost rows"),
    ],
)
def test_a_line_is_the_question_it_says_and_is_said_back(line: str, question: Question, said: str) -> None:
    assert asked(line) == question
    assert describe(question) == said
    assert asked(said) == question


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("team yesterday by:member", "team yesterday by:member"),
        ("@ana 7d by:model status:error,failed", "@ana 7d status:error,failed by:model"),
        ("last month by:day byok:no", "last month byok:no by:day"),
        ("2026-11-01..2026-11-15 model:opus top:20", "2026-11-01..2026-11-15 model:opus top:20"),
        ("from:2026-11-01T09:00Z to:2026-11-02 search:acme", "from:2026-11-01T09:00Z to:2026-11-02 search:acme"),
        ("to:2026-11-02 search:acme from:2026-11-01", "2026-11-01..2026-11-02 search:acme"),
        ('from:"2026-11-01 09:00"', "from:2026-11-01T09:00"),
        ("from:2026-11-01T09:00+0530", "from:2026-11-01T09:00+05:30"),
        ("2026-w47 by:day", "2026-W47 by:day"),
        ("csv top:3 by:status byok:yes team 24h", "team 24h byok:yes by:status top:3 csv"),
        ("search:x -model:b model:a status:error", "model:a -model:b search:x status:error"),
    ],
)
def test_words_in_any_order_are_said_back_in_one(line: str, said: str) -> None:
    assert describe(asked(line)) == said
    assert asked(said) == asked(line)


def test_a_status_seen_in_the_ledger_is_one_and_keeps_its_spelling() -> None:
    question = asked('status:"NEEDS review",Error', "Needs Review")
    assert question == only("status", "Needs Review", "error")
    assert describe(question) == 'status:"Needs Review",error'
    assert refused('status:"needs review"').word == 'status:"needs review"'


@pytest.mark.parametrize(
    ("line", "when"),
    [("", THIS_MONTH), ("7d", Days(7)), (f"task:{UUID}", EVER), (f"task:{UUID} 7d", Days(7)), ("-task:a", THIS_MONTH)],
)
def test_without_a_time_it_is_this_month_and_for_a_task_all_time(line: str, when: object) -> None:
    assert asked(line).effective_when == when


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("", False),
        ("by:model", False),
        ("-email:a@b.c", False),
        ("search:a@b.c", False),
        ("team", True),
        ("@ana", True),
        ("by:member", True),
        ("email:a@b.c", True),
    ],
)
def test_a_question_knows_whether_it_asks_for_others(line: str, others: bool) -> None:  # noqa: FBT001
    assert asked(line).asks_for_others is others


@pytest.mark.parametrize(("line", "counts"), [("by:tool", True), ("by:model,agent", True), ("by:model", False)])
def test_tools_and_agents_are_counts_only(line: str, counts: bool) -> None:  # noqa: FBT001
    assert asked(line).counts_only is counts


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        ("opus", "opus"),
        ("claude-opus-4.1", "claude-opus-4.1"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a,b", '"a,b"'),
        ("a:b", '"a:b"'),
        ("it's", '"it\'s"'),
        ("<x>", '"<x>"'),
    ],
)
def test_a_value_is_quoted_where_it_is_more_than_a_plain_word(value: str, typed: str) -> None:
    assert quote(value) == typed


# --- lines that are none -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "word", "column", "instead"),
    [
        # a key
        ("modle:opus", "modle:opus", 1, "model:opus"),
        ("team modle:opus 7d", "modle:opus", 6, "team model:opus 7d"),
        ("-modle:opus", "-modle:opus", 1, "-model:opus"),
        ('serch:"a b" 7d', 'serch:"a b"', 1, 'search:"a b" 7d'),
        ("user:ana@a.bc", "user:ana@a.bc", 1, "email:ana@a.bc"),
        ("group:model", "group:model", 1, "by:model"),
        ("since:2026-11-01", "since:2026-11-01", 1, "from:2026-11-01"),
        ("until:2026-11-01", "until:2026-11-01", 1, "to:2026-11-01"),
        ("limit:5", "limit:5", 1, "top:5"),
        ("-limit:5", "-limit:5", 1, "top:5"),
        ("state:error", "state:error", 1, "status:error"),
        ("q:acme", "q:acme", 1, "search:acme"),
        ("task_id:x", "task_id:x", 1, "task:x"),
        ("is_byok:yes", "is_byok:yes", 1, "byok:yes"),
        ("xyz:abc", "xyz:abc", 1, None),
        ("7d last:month", "last:month", 4, None),
        # a value
        ("model:", "model:", 1, None),
        ("model: opus", "model:", 1, None),
        ('model:""', 'model:""', 1, None),
        ("model:a,,b", "model:a,,b", 1, None),
        ("team status:eror", "status:eror", 6, "team status:error"),
        ("-status:compelted", "-status:compelted", 1, "-status:completed"),
        ("status:ERRO 7d", "status:ERRO", 1, "status:error 7d"),
        ("status:xyz", "status:xyz", 1, None),
        ("by:membr", "by:membr", 1, "by:member"),
        ("BY:MEMBR", "BY:MEMBR", 1, "by:member"),
        ("by:week,modle", "by:week,modle", 1, "by:week,model"),
        ("by:hour", "by:hour", 1, None),
        ("sort:nam", "sort:nam", 1, "sort:name"),
        ("sort:xyz", "sort:xyz", 1, None),
        ("sort:cost,name", "sort:cost,name", 1, "sort:cost"),
        ("top:0", "top:0", 1, "top:20"),
        ("top:-1", "top:-1", 1, "top:20"),
        ("top:x", "top:x", 1, "top:20"),
        ("top:1.5", "top:1.5", 1, "top:20"),
        ("top:1000001", "top:1000001", 1, "top:20"),
        ("top:\u0663", "top:\u0663", 1, "top:20"),
        ("top:" + "9" * 3000, "top:" + "9" * 3000, 1, "top:20"),
        ("top:5,6", "top:5,6", 1, "top:5"),
        ("byok:maybe", "byok:maybe", 1, None),
        ("byok:ye", "byok:ye", 1, "byok:yes"),
        ("byok:yes,no", "byok:yes,no", 1, "byok:yes"),
        ("from:yesterday", "from:yesterday", 1, None),
        ("from:2026-13", "from:2026-13", 1, None),
        ("from:2026-11-01,2026-11-02", "from:2026-11-01,2026-11-02", 1, "from:2026-11-01"),
        # exclusion where there is none
        ("-byok:no", "-byok:no", 1, "byok:no"),
        ("7d -by:model", "-by:model", 4, "7d by:model"),
        ("-from:2026-11-01", "-from:2026-11-01", 1, "from:2026-11-01"),
        ("-team", "-team", 1, "team"),
        ("-@ana", "-@ana", 1, None),
        # a word without a key
        ("foo", "foo", 1, None),
        ("team yesteday", "yesteday", 6, "team yesterday"),
        ("lastmonth", "lastmonth", 1, "last month"),
        ("last", "last", 1, "last month"),
        ("this team", "this", 1, "this month team"),
        ("failed", "failed", 1, "status:failed"),
        ("7d COMPLETED", "COMPLETED", 4, "7d status:completed"),
        ("model", "model", 1, "by:model"),
        ("status", "status", 1, "by:status"),
        ("week", "week", 1, "by:week"),
        (UUID.upper(), UUID.upper(), 1, f"task:{UUID}"),
        ("search", "search", 1, None),
        ("from", "from", 1, None),
        ("it's", "it's", 1, None),
        ("..", "..", 1, None),
        ("<#C1|general>", "<#C1|general>", 1, None),
        ("<@U1>,<@U2>", "<@U1>,<@U2>", 1, None),
        (":", ":", 1, None),
        ("-", "-", 1, None),
        # a time
        ("0d", "0d", 1, None),
        ("team 2026-13", "2026-13", 6, None),
        ("2026-12", "2026-12", 1, None),
        ("2026-11-15..2026-11-01", "2026-11-15..2026-11-01", 1, "2026-11-01..2026-11-15"),
        ("from:2026-11-15 to:2026-11-01", "to:2026-11-01", 17, "2026-11-01..2026-11-15"),
        ("from:2026-11-01T09:00+25:00", "from:2026-11-01T09:00+25:00", 1, None),
        ("99999d", "99999d", 1, None),
        # twice
        ("today yesterday", "yesterday", 7, "today"),
        ("last month team this week", "this week", 17, "last month team"),
        ("7d from:2026-11-01 team", "from:2026-11-01", 4, "7d team"),
        ("from:2026-11-01 7d", "7d", 17, "from:2026-11-01"),
        ("from:2026-11-01 from:2026-11-02", "from:2026-11-02", 17, "from:2026-11-01"),
        ("byok:yes byok:no", "byok:no", 10, "byok:yes"),
    ],
)
def test_a_wrong_word_is_named_with_its_place_and_the_line_to_type(
    line: str, word: str, column: int, instead: str | None
) -> None:
    error = refused(line)
    assert (error.word, error.column, error.instead) == (word, column, instead)
    if instead is not None:
        assert f"`{instead}`" in str(error)
        asked(instead)
    else:
        assert "`" in str(error)  # an example, or the way to help


@pytest.mark.parametrize(
    ("line", "word", "column", "instead"),
    [
        ('team model:"opus', '"opus', 12, 'team model:"opus"'),
        ("model:opus \u201clast month", '"last month', 12, 'model:opus "last month"'),
        ('search:"' + "x" * 50, '"' + "x" * 19, 8, 'search:"' + "x" * 50 + '"'),
    ],
)
def test_an_open_quote_is_named_with_its_place_and_closed(line: str, word: str, column: int, instead: str) -> None:
    error = refused(line)
    assert (error.word, error.column, error.instead) == (word, column, instead)
    asked(instead)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("modle:opus", 'I don\'t know "modle:". Did you mean `model:opus`?'),
        ("7d modle:opus", 'I don\'t know "modle:". Did you mean `model:opus`? Try `7d model:opus`.'),
        ("xyz:abc", 'I don\'t know "xyz:". There are `status:`, `model:`, '),
        ("model:", "`model:` needs a value, such as `model:opus`."),
        ("search", '"search" needs a value, such as `search:acme`.'),
        ("foo", 'I don\'t know "foo". `help` shows what you can ask.'),
        ("x" * 90, f'I don\'t know "{"x" * 59}…".'),
        ("team yesteday", 'I don\'t know "yesteday". Did you mean `yesterday`? Try `team yesterday`.'),
        (
            "status:eror",
            'There is no status "eror". The statuses are `aborted`, `blocked`, `completed`, `error` and `failed`. Did',
        ),
        ("by:hour", 'I can\'t group by "hour". The groups are `member`, `model`, '),
        ("sort:x", 'I can\'t sort by "x". You can sort by `cost`, `tasks` and `name`.'),
        ("byok:maybe", '"maybe" is neither yes nor no. There are `yes`, `no`, `true` and `false`.'),
        ("top:0", "`top:` takes a whole number from 1 to 1,000,000. Did you mean `top:20`?"),
        ("-byok:no", "`byok:` can't be excluded. Did you mean `byok:no`?"),
        ("today 7d", 'You gave two times, "today" and "7d". One is enough. Try `today`.'),
        ("from:2026-11-01 from:2026-11-02", "You gave two `from:`. One is enough. Try `from:2026-11-01`."),
        ("byok:yes byok:no", "You gave both `byok:yes` and `byok:no`. Leave both out to see everything."),
        ("0d", 'I can\'t use "0d": that time has no length. `help` shows what you can ask.'),
        ("2026-13", 'I can\'t use "2026-13": there is no such date.'),
        ("2026-12", 'I can\'t use "2026-12": that time is in the future.'),
        ("2026-11-15..2026-11-01", "that time ends before it begins."),
        ("from:soon", "that is neither a date (`2026-11-20`) nor a time (`2026-11-20T09:00Z`)."),
        ("from:2026-11-01T09:00-24:00", "there is no such time."),
        ('model:"opus', 'A quote isn\'t closed. Try `model:"opus"`.'),
    ],
)
def test_an_error_says_why_in_plain_sentences(line: str, why: str) -> None:
    assert why in str(refused(line))


@pytest.mark.parametrize(
    ("line", "why", "instead"),
    [
        ("by:member,model,status", "You can group by two things at most, and that is 3.", "by:member,model"),
        ("by:member,model by:status 7d", "You can group by two things at most, and that is 3.", "by:member,model 7d"),
        ("by:member by:model,status", "You can group by two things at most, and that is 3.", "by:member by:model"),
        ("by:day,week", "Use one of day, week and month at a time.", "by:day"),
        ("by:day by:month", "Use one of day, week and month at a time.", "by:day"),
        ("by:day,month,week", "You can group by two things at most, and that is 3.", "by:day"),
        ("by:tool,agent", "Tools and agents are counted separately.", "by:tool"),
        ("by:tool,day", "Neo counts tools per task, so they can't be split by day.", "by:tool"),
        ("7d by:day,tool", "Neo counts tools per task, so they can't be split by day.", "7d by:tool"),
    ],
)
def test_groups_that_do_not_go_together_are_refused_with_those_that_do(line: str, why: str, instead: str) -> None:
    error = refused(line)
    assert isinstance(error, ExactError)
    assert why in str(error)
    assert error.instead == instead


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("by:week by:agent", "Neo counts agents per task, so they can't be split by week."),
        ("rows by:model", "`rows` lists single tasks and `by:` groups them."),
        ("by:model csv rows", "`rows` lists single tasks and `by:` groups them."),
        ("by:tool sort:cost", "`by:tool` and `by:agent` have no cost."),
        ("sort:cost by:model,agent", "`by:tool` and `by:agent` have no cost."),
        ("rows sort:tasks", "`rows` lists single tasks. Use `sort:cost` or `sort:name`."),
    ],
)
def test_a_combination_that_has_no_answer_is_refused_with_its_reason(line: str, why: str) -> None:
    error = refused(line)
    assert isinstance(error, ExactError)
    assert why in str(error)
    assert error.instead is None


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("2026-11-15..2026-11-01 by:model", "2026-11-01..2026-11-15 by:model"),
        ("from:2026-11-15 team to:2026-11-01", "team 2026-11-01..2026-11-15"),
        ("2026-W47..2026-W46", "2026-W46..2026-W47"),
        ("from:2026-11-02T09:00Z to:2026-11-02T09:00+02:00", "from:2026-11-02T09:00+02:00 to:2026-11-02T09:00Z"),
        ("from:2026-11-02T09:00Z to:2026-11-02T09:00Z", None),
        ("2026-12-15..2026-12-01", None),
    ],
)
def test_a_time_that_is_the_wrong_way_round_is_refused_with_the_right_one(line: str, instead: str | None) -> None:
    error = refused(line)
    assert isinstance(error, ExactError)
    assert error.instead == instead


def test_a_line_longer_than_any_command_is_refused_at_once() -> None:
    assert asked("search:" + "x" * (MAX_LINE - 7)).filters
    assert "longer than 4,000 characters" in str(refused("search:" + "x" * MAX_LINE))


# --- suggestions that ought to be questions ------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("last monthh", "last month"), ("this mont", "this month"), ("last mnth by:model", "last month by:model"),
        ("last wek", "last week"),
    ],
)  # fmt: skip
def test_a_mistyped_pair_is_corrected_as_a_pair(line: str, instead: str) -> None:
    assert refused(line).instead == instead
    asked(instead)


@pytest.mark.parametrize(
    "line", ["status:completed,complete", "by:member,membe", "by:model,mode", "status:failed,fail"]
)
def test_a_typo_beside_its_own_right_spelling_is_corrected(line: str) -> None:
    error = refused(line)
    assert error.instead is not None
    asked(error.instead)


@pytest.mark.parametrize("line", ["status:complete,eror", "status:eror,faild", "by:membr,modle"])
def test_two_typos_in_one_word_are_corrected_together(line: str) -> None:
    error = refused(line)
    assert error.instead is not None
    asked(error.instead)


@pytest.mark.parametrize("line", ['status:e"ro"r', 'by:"mem"br'])
def test_a_typo_in_odd_quotes_is_not_suggested_back_as_it_is(line: str) -> None:
    assert refused(line).instead != line


@pytest.mark.parametrize("line", ["status:needsreview", '"needs review"', "status:Needs-Review"])
def test_a_suggested_status_of_two_words_is_quoted(line: str) -> None:
    error = refused(line, "Needs Review")
    assert error.instead is not None
    asked(error.instead, "Needs Review")


@pytest.mark.parametrize("line", ['search:<http://a"b>', 'email:<mailto:a"b@c.d|x>'])
def test_a_double_quote_inside_markup_does_not_spoil_what_is_said_back(line: str) -> None:
    question = asked(line)
    assert asked(describe(question)) == question


@pytest.mark.parametrize("name", ["search", "model", "task", "email", "-search", "-task"])
def test_a_filter_of_more_values_than_anybody_types_is_refused(name: str) -> None:
    most = [f"{name}:v{number}" for number in range(MAX_VALUES)]
    assert asked(" ".join(most)).filters
    for line in (" ".join([*most, f"{name}:more"]), f"{name}:{','.join(f'v{number}' for number in range(500))}"):
        error = refused(line)
        assert f"values of `{name.removeprefix('-')}:`" in str(error)
        assert f"{MAX_VALUES} is the most" in str(error)


def test_more_people_than_anybody_names_are_refused() -> None:
    people = " ".join(f"@p{number}" for number in range(MAX_VALUES + 1))
    assert "people. 100 is the most" in str(refused(people))


@given(st.timedeltas(timedelta(), timedelta(days=9_800)))
def test_a_moment_that_data_shows_can_be_typed_back(since_2000: timedelta) -> None:
    at = datetime(2000, 1, 1, tzinfo=UTC) + since_2000
    typed = at.isoformat().replace("+00:00", "Z")
    when = asked(f"from:{typed}").when
    assert isinstance(when, Range)
    assert isinstance(when.start, PointInTime)
    assert when.start.at(UTC) == at
    assert str(when.start.at(UTC)) == str(at)
    said = asked(f"from:{at:%Y-%m-%d %H:%M:%S} UTC to:2026-11-02 23:59").when
    assert isinstance(said, Range)
    assert isinstance(said.start, PointInTime)
    assert said.start.at(UTC) == at.replace(microsecond=0)


def test_a_line_too_long_to_be_said_back_is_refused() -> None:
    with pytest.raises(QueryError, match="Written out, that question is longer"):
        asked("search:" + ",".join(f"{chr(0x4E00 + number)}>" for number in range(1200)))


@pytest.mark.parametrize("line", ['search:"', '"open', 'model:opus "'])
def test_an_open_quote_is_named_and_nothing_is_suggested(line: str) -> None:
    error = refused(line)
    assert error.instead is None
    assert "A quote isn't closed." in str(error)


# --- laws ----------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.sampled_from(["opus", "a b", "a,b", "it's", "x:y", "<@U1>", "-", "Ärger", "team", "last", "'", "7d", "a..b"]),
    st.text(st.characters(exclude_characters='"', exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
        lambda text: text.isprintable() and clean(text) and '"' not in clean(text)
    ),
).map(lambda value: f'"{value}"')
DATES = st.dates(datetime(2020, 1, 1, tzinfo=UTC).date(), datetime(2026, 11, 22, tzinfo=UTC).date()).map(str)
TIMES = st.one_of(
    st.sampled_from(["", "today", "YESTERDAY", "mtd", "ytd", "last month", "this  week", "last quarter", "this Year"]),
    st.integers(1, 3660).map(lambda count: f"{count}d"),
    st.integers(1, 500).map(lambda count: f"{count}W"),
    st.integers(1, 10_000).map(lambda count: f"{count}h"),
    DATES,
    DATES.map(lambda day: day[:7]),
    st.integers(1, 52).map(lambda week: f"2025-W{week:02}"),
    st.tuples(DATES, DATES).map(lambda pair: "..".join(sorted(pair))),
    DATES.map(lambda day: f"{day}.."),
    DATES.map(lambda day: f"to:{day}"),
    st.tuples(
        DATES, st.sampled_from(["", "Z", "+05:30", "-0330", "+00:00", ".5Z", ".123456789", "-00:00:30", ".25+05"])
    ).map(lambda pair: f"to:2026-11-23 from:{pair[0]}T02:30:15{pair[1]}"),
)
GROUPS = st.sampled_from(
    ["", "by:member", "by:model,day", "by:Week", "by:month by:status", "by:tool", "by:agent,member", "rows"]
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A valid line: some of the grammar's pieces, in any order."""
    pieces = [draw(TIMES), draw(GROUPS)]
    names = draw(st.lists(st.sampled_from(["model", "task", "search", "email", "-model", "-email"]), max_size=4))
    pieces += [f"{name}:{','.join(draw(st.lists(VALUES, min_size=1, max_size=3)))}" for name in names]
    optional = ["team", "me", "csv", "<@U1|ana>", "@bob", "Ana@b.cd", "byok:no", "sort:name", "top:7"]
    optional += ["status:error,FAILED", "-status:Completed"]
    pieces += draw(st.lists(st.sampled_from(optional), max_size=5))
    return draw(st.sampled_from([" ", "  ", "\u00a0"])).join(draw(st.permutations(pieces)))


@pytest.mark.slow
@examples(500)
@given(lines())
def test_what_is_said_back_is_the_same_question(line: str) -> None:
    question = asked(line)
    said = describe(question)
    assert asked(said) == question
    assert describe(asked(said)) == said


def caseless(question: Question) -> tuple[Question, set[tuple[Field, bool, frozenset[str]]]]:
    values = {
        (each.field, each.exclude, frozenset(value.lower() for value in each.values)) for each in question.filters
    }
    return replace(question, filters=()), values


@examples(150)
@given(lines())
def test_shouting_is_asking_the_same(line: str) -> None:
    shouted = "".join(letter.upper() if letter.isascii() else letter for letter in line)
    assert caseless(asked(shouted)) == caseless(asked(line))


NOISE = [
    *("team", "me", "rows", "csv", "today", "yesterday", "last", "this", "month", "week", "quarter", "7d", "0d", "24h"),
    *(
        "4w",
        "mtd",
        "2026-11",
        "2026-W47",
        "2026-13",
        "..",
        "2026-11-01",
        "2027-01-01",
        "2026-11-01T09:00",
        "Z",
        "+02:00",
    ),
    *("from:", "to:", "status:", "model:", "task:", "search:", "email:", "byok:", "by:", "sort:", "top:", "-", "yes"),
    *("no", "error", "completed", "member", "day", "tool", "cost", "20", '"', "'", "\u201c", "\u2019", "\u00a0"),
    *(
        "\u200b",
        "<@U1|ana>",
        "<@u2>",
        "<mailto:a@b.c|a@b.c>",
        "<http://x.y|z>",
        "<",
        ">",
        "|",
        "@ana",
        "a@b.co",
        ",",
        ":",
    ),
    *(
        " ",
        "  ",
        "\n",
        "\x00",
        "\x1f",
        "\ud800",
        "\U0001f600",
        "\u0130",
        "\u00df",
        "\u0663",
        "\u017f",
        "\u202e",
        "9" * 12,
    ),
    *("x" * 40, "it's", "(", ")", "\\", "`", "*", "[", "\u2026", "%", "\u2028", "e\u0301", UUID),
]


LINES = amount(25_000, 2_000)


@pytest.mark.parametrize("seed", range(4))
def test_random_lines_are_questions_or_errors_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    questions = 0
    for _ in range(LINES):
        pieces = (
            chr(chance.randrange(0x3000)) if chance.random() < 0.05 else chance.choice(NOISE)
            for _ in range(chance.choice((1, 2, 3, 4, 6)))
        )
        line = "".join(piece + chance.choice(("", " ")) for piece in pieces)
        try:
            question = parse(line, now=NOW, zone=BERLIN)
        except QueryError:
            continue
        questions += 1
        assert parse(describe(question), now=NOW, zone=BERLIN) == question
    assert questions > LINES // 25
