"""Text from elsewhere fits on one line, reorders nothing and hides nothing."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text import ascii_lower, json_text, one_line, visible, without_accents
from tests.support.effort import examples


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("Scan acme.dev", "Scan acme.dev"),
        ("  spaces   within and around ", "spaces within and around"),
        ("two\nlines", "two lines"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("\n\n\n", ""),
        ("a\u00a0b", "a b"),
        ("bell\x07 null\x00 escape\x1b[31m", "bell null escape[31m"),
        ("delete\x7f and c1\x9b", "delete and c1"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\u2066isolated\u2069 \u200flater", "isolated later"),
        ("in\u200bvis\u200dible\ufeff", "invisible"),
        ("soft\u00adhyphen", "softhyphen"),
        ("half \ud83d a pair", "half a pair"),
        ("Größe 日本語 😀", "Größe 日本語 😀"),
    ],
)
def test_controls_and_marks_that_reorder_are_dropped_and_space_is_one_blank(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Seán O'Brien", "Sean O'Brien"),
        ("Sea\u0301n", "Sean"),
        ("Thế", "The"),
        ("Zoë Müller", "Zoe Muller"),
        ("Ørsted", "Ørsted"),
        ("王芳", "王芳"),
        ("がぎ", "がぎ"),
        ("김민수", "김민수"),
        ("\u0915\u093c", "\u0915\u093c"),
        ("plain", "plain"),
    ],
)
def test_accents_are_left_out_and_letters_of_their_own_stay(text: str, plain: str) -> None:
    assert without_accents(text) == plain


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"])
def test_unicode_line_separators_do_not_break_the_line(separator: str) -> None:
    assert separator not in one_line(f"one{separator}two")


@pytest.mark.parametrize(
    ("length", "longest", "expected"),
    [
        (200, 200, "x" * 200),
        (201, 200, "x" * 199 + "…"),
        (10, 10, "x" * 10),
        (11, 10, "x" * 9 + "…"),
        (11, 1, "…"),
    ],
)
def test_a_long_text_is_cut_with_an_ellipsis_inside_the_length(length: int, longest: int, expected: str) -> None:
    assert one_line("x" * length, longest) == expected


def test_the_length_counts_what_is_kept_not_what_came() -> None:
    assert one_line("\u200b" * 500 + "x" * 10 + " " * 500, 10) == "x" * 10


@examples(300)
@given(st.text(), st.integers(min_value=1, max_value=40))
def test_whatever_comes_one_clean_short_line_goes(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert one_line(line, longest) == line or line.endswith("…")


@examples(300)
@given(st.text())
def test_what_is_visible_keeps_its_lines_and_nothing_that_acts(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(letter) for letter in shown.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert shown.count("\n") == text.count("\n")
    assert visible(shown) == shown


@examples(300)
@given(st.dictionaries(st.text(), st.text() | st.sampled_from(["\x7f", "\x9b", "\u202e", "\ud83d"])))
def test_a_document_is_printable_ascii_and_reads_back_as_it_was(document: dict[str, str]) -> None:
    text = json_text(document)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == document


@pytest.mark.parametrize("filler", "\u034f\u115f\u1160\u3164\uffa0")
def test_letters_that_nobody_sees_are_dropped(filler: str) -> None:
    assert one_line(f"a{filler}b") == visible(f"a{filler}b") == "ab"


@given(st.text())
def test_only_ascii_letters_change_their_case(text: str) -> None:
    lowered = ascii_lower(text)
    assert len(lowered) == len(text)
    assert all(new == old or (old.isascii() and new == old.lower()) for old, new in zip(text, lowered, strict=True))
    assert ascii_lower(lowered) == lowered
