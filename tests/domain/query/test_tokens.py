"""Words: a line is cut at its spaces, whatever quotes, markup and odd characters a keyboard made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.query.errors import UnclosedQuoteError
from bot.domain.query.tokens import Token, clean, split
from tests.support.effort import examples


def tokens(line: str) -> list[tuple[str | None, tuple[str, ...]]]:
    return [(token.key, token.values) for token in split(clean(line))]


@pytest.mark.parametrize(
    ("line", "cleaned"),
    [
        ("", ""),
        ("   ", ""),
        ("  team   7d ", "team 7d"),
        ("team\u00a07d", "team 7d"),
        ("team\u2003\u20097d", "team 7d"),
        ("team\n7d\tcsv\r", "team 7d csv"),
        ("te\u200bam\ufeff \u200e7d\u202c", "team 7d"),
        ("te\0am", "te am"),
        ("model:\u201ca b\u201d", 'model:"a b"'),
        ("model:\u201ea b\u201c", 'model:"a b"'),
        ("model:\u00aba b\u00bb", 'model:"a b"'),
        ("it\u2019s", "it's"),
        ("\u2018a\u2019", "'a'"),
        ("wait\u2026", "wait..."),
    ],
)
def test_a_line_is_cleaned_to_plain_quotes_and_single_spaces(line: str, cleaned: str) -> None:
    assert clean(line) == cleaned


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("team 7d", [(None, ("team",)), (None, ("7d",))]),
        ("model:opus", [("model", ("opus",))]),
        ("MODEL:Opus", [("model", ("Opus",))]),
        ("-status:completed", [("-status", ("completed",))]),
        ("status:error,failed", [("status", ("error", "failed"))]),
        ("status:error,", [("status", ("error", ""))]),
        ("status:", [("status", ("",))]),
        ("model:a:b", [("model", ("a:b",))]),
        ("task_id:x", [("task_id", ("x",))]),
        (":x", [(None, (":x",))]),
        ("1a:x", [(None, ("1a:x",))]),
        ("--a:x", [(None, ("--a:x",))]),
        # double quotes, anywhere
        ('model:"a b"', [("model", ("a b",))]),
        ('model:"a, b",c', [("model", ("a, b", "c"))]),
        ('model:a" b "c', [("model", ("a b c",))]),
        ('model:""', [("model", ("",))]),
        ('model:" a "', [("model", ("a",))]),
        ('"last month"', [(None, ("last month",))]),
        ('"model:opus"', [(None, ("model:opus",))]),
        ('"model":opus', [(None, ("model:opus",))]),
        ('search:"a:b"', [("search", ("a:b",))]),
        # apostrophes, only where a value begins and ends
        ("it's", [(None, ("it's",))]),
        ("search:it's", [("search", ("it's",))]),
        ("search:'a b'", [("search", ("a b",))]),
        ("search:'a b','c d'", [("search", ("a b", "c d"))]),
        ("search:'it's here'", [("search", ("it's here",))]),
        ("search:'a", [("search", ("'a",))]),
        ("search:'a b", [("search", ("'a",)), (None, ("b",))]),
        ("'last month'", [(None, ("last month",))]),
        ("search:'say \"hi\" now'", [("search", ("say hi now",))]),
        ('search:"it\'s"', [("search", ("it's",))]),
        # what Slack makes of people, addresses and links
        ("<@U1|ana>", [(None, ("<@U1>",))]),
        ("<@u1>", [(None, ("<@U1>",))]),
        ("<@U1|ana b> 7d", [(None, ("<@U1>",)), (None, ("7d",))]),
        ("<mailto:a@b.c|a@b.c>", [(None, ("a@b.c",))]),
        ("email:<mailto:a@b.c|a@b.c>", [("email", ("a@b.c",))]),
        ("email:<mailto:a@b.c|a@b.c>,<mailto:d@e.f|d@e.f>", [("email", ("a@b.c", "d@e.f"))]),
        ("search:<http://acme.dev|acme.dev>", [("search", ("acme.dev",))]),
        ("search:<https://acme.dev/a>", [("search", ("https://acme.dev/a",))]),
        ("<#C1|general>", [(None, ("<#C1|general>",))]),
        ("<!here>", [(None, ("<!here>",))]),
        ('search:"<@U1|ana>"', [("search", ("<@U1|ana>",))]),
        ("search:a<b", [("search", ("a<b",))]),
        ("<foo>", [(None, ("<foo>",))]),
    ],
)
def test_a_line_is_cut_into_words_with_keys_and_values(
    line: str, expected: list[tuple[str | None, tuple[str, ...]]]
) -> None:
    assert tokens(line) == expected


@pytest.mark.parametrize(
    ("line", "column"),
    [('"', 1), ('model:"opus', 7), ('team model:opus" 7d', 16), ('a "b" "c', 7)],
)
def test_a_double_quote_without_its_partner_is_an_error_that_says_where(line: str, column: int) -> None:
    with pytest.raises(UnclosedQuoteError) as raised:
        split(line)
    assert raised.value.column == column


def test_a_word_knows_where_it_stands_and_how_it_was_typed() -> None:
    assert split('team model:"a b" 7d') == [
        Token("team", 1, None, ("team",)),
        Token('model:"a b"', 6, "model", ("a b",)),
        Token("7d", 18, None, ("7d",)),
    ]


@pytest.mark.parametrize("line", ['search:<http://a"b>', 'email:<mailto:a"b@c.d|x>', 'search:<#C1|a"b>'])
def test_no_value_holds_a_double_quote_even_from_markup(line: str) -> None:
    assert all('"' not in value for _, values in tokens(line) for value in values)


PIECES = st.sampled_from(
    [
        "a",
        "B",
        "team",
        ":",
        ",",
        " ",
        "  ",
        "'",
        '"',
        "-",
        "<",
        ">",
        "<@U1|x y>",
        "<mailto:a@b.c|d>",
        "\u00a0",
        "\u2019",
    ]
)
LINES = st.lists(PIECES | st.characters(), max_size=12).map("".join)


@examples(300)
@given(LINES)
def test_cleaning_twice_is_cleaning_once(line: str) -> None:
    assert clean(clean(line)) == clean(line)


@examples(400)
@given(LINES)
def test_the_words_as_typed_make_up_the_line(line: str) -> None:
    cleaned = clean(line)
    try:
        found = split(cleaned)
    except UnclosedQuoteError as error:
        column = error.column
    else:
        assert " ".join(token.raw for token in found) == cleaned
        assert all(cleaned[token.column - 1 :].startswith(token.raw) for token in found)
        assert all(token.values for token in found)
        return
    assert cleaned[column - 1] == '"'
