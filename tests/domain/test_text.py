"""Text from elsewhere fits on one line, reorders nothing and hides nothing."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.text import one_line


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


@settings(max_examples=300, deadline=None)
@given(st.text(), st.integers(min_value=1, max_value=40))
def test_whatever_comes_one_clean_short_line_goes(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert one_line(line, longest) == line or line.endswith("…")
