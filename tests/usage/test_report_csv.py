"""Files for spreadsheets: no cell, however it is cut out of its line, is a formula."""

import csv
import io
import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.usage.report_csv import safe_cell
from tests.support.effort import examples

DIVIDERS = ",;\t|:"
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
PARTS = st.sampled_from(
    [*SIGNS, *DIVIDERS, '"', "'", " ", "\n", "\r", "\u200b", "\u00a0", "\x1f", "x", "1", "cmd|' /C calc'!A1"]
)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("x;=1+1", "x;'=1+1"),
        ("x; =1+1;y", "x; '=1+1;y"),
        ('x;"=1+1"', 'x;"\'=1+1"'),
        (";=cmd|' /C calc'!A1", ";'=cmd|' /C calc'!A1"),
        ("a,b;@SUM(A1)", "a,b;'@SUM(A1)"),
        ("x\t=1", "x '=1"),
        ("x|+1", "x|'+1"),
        ("x\n-1", "x '-1"),
        ("\t=1", "'=1"),
        ("\r\n=1", "'=1"),
        ("\u200b=1", "'=1"),
        ("x;\u200b=1", "x;'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("x;\uff0b1", "x;'\uff0b1"),
        ("\ufe661", "'\ufe661"),
        ("\u22121", "'\u22121"),
        ("--5", "'--5"),
        ("-5e3", "'-5e3"),
        ("-5", "-5"),
        ("-5.250000000", "-5.250000000"),
        ("12", "12"),
        ("Scan - staging; retry x=1", "Scan - staging; retry x=1"),
        ("2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z"),
        ("ana+x@acme.dev", "ana+x@acme.dev"),
        ("", ""),
    ],
)
def test_a_formula_is_text_wherever_a_cell_may_begin(text: str, cell: str) -> None:
    assert safe_cell(text) == cell


def test_a_number_stays_one() -> None:
    assert [safe_cell(each) for each in (-5, 0.25, True, None)] == [-5, 0.25, True, None]


@pytest.mark.parametrize("part", ["\n", " ", '"', ";", "\n ", '\t"'])
def test_a_cell_of_nothing_but_spaces_and_dividers_takes_no_time(part: str) -> None:
    began = process_time()
    safe_cell(part * 30_000)  # which took seconds when each of them was taken for a beginning
    assert process_time() - began < 1


def line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([safe_cell(each) for each in cells])
    return out.getvalue()


@examples(400)
@given(st.lists(st.lists(PARTS, max_size=8).map("".join), min_size=1, max_size=4))
def test_no_cell_is_a_formula_wherever_a_spreadsheet_divides(texts: list[str]) -> None:
    cells = ["task", *texts]
    written = line(cells)
    assert next(csv.reader(io.StringIO(written))) == [safe_cell(each) for each in cells]
    for divider in DIVIDERS:
        for cell in next(csv.reader(io.StringIO(written), delimiter=divider)):
            for bare in map(str.strip, cell.split(",")):
                number = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", bare)
                assert number or not bare.startswith(tuple(SIGNS)), (divider, written)
