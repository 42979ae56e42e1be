"""Blocks: every builder gives the same JSON as ever, to the character."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.cells import amount_cell, count_cell, unknown_cell
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.terminal_text import terminal_text
from bot.usage.keys import AskAction, ShareAction

GOLDEN: dict[str, object] = json.loads((Path(__file__).parent / "golden" / "blocks.json").read_text(encoding="utf-8"))
LONG = "a &lt; b " * 500
ROWS = [[f"m {number}", ""] for number in range(105)]
NAMES = ("Member", "Note")


def table(draft: Draft) -> None:
    assert draft.add_table("Members", NAMES, ROWS) == 99
    assert draft.add_table("Latest members", NAMES, ROWS, from_end=True) == 99
    assert draft.add_table("Nobody", NAMES, []) == 0
    amounts = [("opus", amount_cell(1_500_000_000), count_cell(1200)), ("", amount_cell(None), unknown_cell(""))]
    assert draft.add_table("Spend by model", ("Model", "Spend", "Tasks"), amounts) == 2
    draft.add(blocks.table(("Task", "x"), [("Title", "t" * 700)], longest=500))


def chart(draft: Draft) -> None:
    days = ["2026-11-01", "2026-11-02", ""]
    one = [("spend of everybody in the team", [1.5, 2, 0])]
    draft.add(blocks.chart("Spend by day " * 9, days, one, "USD"), lambda: blocks.section("*Spend* ▁▂▃"))
    two = [("claude-opus-4-1-20250805", [1.0, 2.0]), ("claude-opus-4-1-20250806", [0.0, 12.25])]
    draft.add(blocks.chart("Spend :100:", ["a" * 30, "a" * 31], two, "USD", "line"))


def buttons(draft: Draft) -> None:
    plain = blocks.button("By :model:", AskAction("model", "7d by:model"))
    confirm = ("Everybody will see this.", "Share")
    asked = blocks.button("Share" * 30, ShareAction("7d"), primary=True, confirm=confirm)
    draft.add(blocks.actions([plain, asked]))
    draft.add(blocks.actions(iter([plain])))


def texts(draft: Draft) -> None:
    for text in ("*bold* &lt;b&gt; `code`", "", LONG):
        draft.add(blocks.section(text))
        draft.add(blocks.context(text, "more"))
        draft.add(blocks.header(text))
    draft.add(blocks.columns("*a* 1", "*b* 2", LONG))
    draft.add(blocks.preformatted([]))
    draft.add(blocks.preformatted(["a  b", "c  d"]))
    draft.add(blocks.preformatted(["x" * 90] * 50))


DRAFTS: dict[str, Callable[[Draft], None]] = {"table": table, "chart": chart, "buttons": buttons, "texts": texts}


def variants(message: Message) -> list[object]:
    """Everything that a message is sent as, and how a terminal shows it."""
    simpler = [message]
    while (following := simpler[-1].simpler) is not None:
        simpler.append(following)
    sent = [{"text": each.text, "blocks": each.blocks} for each in simpler]
    return [*sent, terminal_text(message)]


def messages() -> dict[str, object]:
    """Each message as it is built now, by name."""
    found: dict[str, object] = {
        "paragraph": variants(blocks.paragraph("*Hello*")),
        "long text": variants(Message(LONG)),
        "cut text": variants(Draft(LONG).message()),
        "plain text": blocks.plain_text("a form's :label:"),
    }
    for name, build in DRAFTS.items():
        draft = Draft(f"*{name}*")
        build(draft)
        found[name] = variants(draft.message())
    return found


@pytest.mark.parametrize("name", GOLDEN)
def test_a_builder_gives_the_same_json(name: str) -> None:
    assert json.dumps(messages()[name]) == json.dumps(GOLDEN[name])


def test_a_table_holds_as_many_rows_as_slack_takes_whatever_their_cells_are_cut_at() -> None:
    for longest in (blocks.CELL, 200):
        draft = Draft("x")
        kept = draft.add_table("Errors", ("Task", "Error"), [("t", "e" * 500)] * 99, longest=longest)
        assert kept == blocks.TABLE_CHARACTERS // (longest + 1)


def test_every_builder_is_compared() -> None:
    assert list(messages()) == list(GOLDEN)
