"""The words of a shell make up the line that was meant, whichever of them the shell's quotes held together."""

import pytest

from bot.cli.query_line import query_line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["model:opus", "7d"], "model:opus 7d"),
        (["model:opus 7d"], "model:opus 7d"),
        (["model:opus last week"], "model:opus last week"),
        (["team", "-model:opus 7d rows"], "team -model:opus 7d rows"),
        (["status:failed @ana"], "status:failed @ana"),
        (["model:gpt 4", "7d"], 'model:"gpt 4" 7d'),
        (["model:gpt 4 7d"], 'model:"gpt 4 7d"'),
        (["model:gpt 4,opus"], 'model:"gpt 4",opus'),
        (["search:acme 7d"], 'search:"acme 7d"'),
        (["how much did ana spend"], "how much did ana spend"),
    ],
)
def test_a_value_keeps_its_spaces_and_a_line_its_words(words: list[str], line: str) -> None:
    assert query_line(words) == line
