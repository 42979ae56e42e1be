"""The layout of a terminal: at any width every number stands whole, and no line is longer than the terminal."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bot.domain.cells import Cell, Number, amount_cell, cell_text, count_cell, unknown_cell
from bot.terminal import streams
from bot.terminal.layout import print_facts, print_line, print_table

TEXTS = st.one_of(
    st.sampled_from(["", "opus", "ana@acme.example", "東京" * 30, "x" * 90, "two words " * 9, "…", "é\u202e\x1b[2J"]),
    st.text(max_size=60).map(lambda text: " ".join(text.split())),
)
NUMBERS = st.one_of(
    st.integers(-(10**18), 10**18).map(amount_cell), st.integers(0, 10**9).map(count_cell), st.just(amount_cell(None))
)
WIDTHS = st.integers(40, 200)
KINDS = st.lists(st.booleans(), min_size=1, max_size=10)
COLUMNS = ("Member", "Model", "Spend", "Share", "Tasks", "Status", "Created", "Restated", "Rejected", "Error")


def printed(width: int, encoding: str, *arguments: object) -> list[str]:
    """The lines that a table comes to on a terminal of that width and encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="neo-usage")
    console = Console(file=stream, width=width, highlight=False, emoji=False, markup=False)
    print_table(console, *arguments)  # type: ignore[arg-type]
    stream.seek(0)
    return stream.read().splitlines()


@st.composite
def tables(draw: st.DrawFn) -> list[list[Cell]]:
    kinds = draw(KINDS)
    row = st.tuples(*[NUMBERS if is_number else TEXTS for is_number in kinds]).map(list)
    return draw(st.lists(row, min_size=1, max_size=6))


@pytest.mark.slow
@given(rows=tables(), width=WIDTHS, encoding=st.sampled_from(["utf-8", "ascii", "cp1252"]))
def test_at_every_width_numbers_are_whole_and_no_line_is_too_long(
    rows: list[list[Cell]], width: int, encoding: str
) -> None:
    bars = [len(row) for row in rows]
    lines = printed(width, encoding, COLUMNS[: len(rows[0])], rows, bars)
    for row in rows:
        for cell in row:
            if isinstance(cell, Number):
                assert any(cell.text in line.split() or cell.text == line.strip() for line in lines), (cell, lines)
    assert max(map(cell_len, lines)) <= width


@pytest.mark.slow
@given(rows=tables())
def test_where_nothing_limits_the_width_everything_is_on_a_line_of_its_own(rows: list[list[Cell]]) -> None:
    lines = printed(streams.UNLIMITED, "utf-8", COLUMNS[: len(rows[0])], rows)
    assert len(lines) == len(rows) + 1
    for line, row in zip(lines[1:], rows, strict=True):
        assert all(streams.printable(cell_text(cell), "utf-8").strip() in line for cell in row)


ROWS = [
    ["ana.maria.de.souza@acme.example", "claude-opus-4", amount_cell(1_234_500_000_000), count_cell(41)],
    ["王芳@acme.example", "opus", amount_cell(None), count_cell(1)],
    ["", "a model with a long name", amount_cell(1), unknown_cell("–")],
]
NAMES = ("Member", "Model", "Spend", "Tasks")


def test_texts_give_way_before_numbers_do_and_bars_fill_what_is_left() -> None:
    assert printed(72, "utf-8", NAMES, ROWS, [9, 0, 3]) == [
        "Member                        Model                         Spend  Tasks",
        "ana.maria.de.souza@acme.exa…  claude-opus-4             $1,234.50     41",
        "王芳@acme.example             opus                        unknown      1",
        "                              a model with a long name     <$0.01      –",
    ]
    wide = printed(101, "utf-8", NAMES, ROWS, [9, 0, 3])
    assert [line.count("█") for line in wide] == [0, 24, 0, 8]
    assert printed(44, "utf-8", NAMES, ROWS) == [
        "Member        Model             Spend  Tasks",
        "ana.maria.d…  claude-opus…  $1,234.50     41",
        "王芳@acme.e…  opus            unknown      1",
        "              a model wit…     <$0.01      –",
    ]


def test_names_of_columns_of_numbers_are_wrapped_before_a_table_becomes_a_list() -> None:
    rows = [["Review the gateway", amount_cell(1_234_500_000_000), "priya.raman@acme.example", count_cell(41)]]
    assert printed(43, "utf-8", ("Title", "Spend in period", "Member", "Tasks"), rows) == [
        "              Spend in",
        "Title           period  Member        Tasks",
        "Review the…  $1,234.50  priya.raman…     41",
    ]


def test_what_does_not_fit_becomes_a_list() -> None:
    rows = [[*row[:2], "failed", "2026-11-28", *row[2:]] for row in ROWS[:2]]
    assert printed(40, "utf-8", ("Member", "Model", "Status", "Day", "Spend", "Tasks"), rows) == [
        "Member: ana.maria.de.souza@acme.example",
        "Model: claude-opus-4   Status: failed",
        "Day: 2026-11-28   Spend: $1,234.50",
        "Tasks: 41",
        "",
        "Member: 王芳@acme.example   Model: opus",
        "Status: failed   Day: 2026-11-28",
        "Spend: unknown   Tasks: 1",
    ]


def test_an_encoding_without_our_signs_gets_others_of_their_width() -> None:
    assert printed(44, "ascii", NAMES, ROWS) == [
        "Member        Model             Spend  Tasks",
        "ana.maria...  claude-op...  $1,234.50     41",
        "\\u738b\\u8...  opus            unknown      1",
        "              a model w...     <$0.01      -",
    ]


def test_values_are_wrapped_beside_their_names_and_sentences_between_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console(file=sys.stdout, width=30, highlight=False)
    print_facts(console, [("error", "the request timed out after 30 seconds"), ("cost", "$1,234.50\n$2.00"), ("x", "")])
    print_line(console, "$1,234.50 in this month, 41 tasks", indent=2)
    assert capsys.readouterr().out.splitlines() == [
        "error  the request timed out",
        "       after 30 seconds",
        "cost   $1,234.50",
        "       $2.00",
        "x",
        "  $1,234.50 in this month, 41",
        "  tasks",
    ]
