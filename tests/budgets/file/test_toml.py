"""Files of budgets as TOML: what people may write, and every problem of a file named at once."""

from datetime import date

import pytest

from bot.budgets.file.entries import BudgetEntry
from bot.budgets.file.errors import BudgetFileError
from bot.budgets.file.toml import parse, to_toml
from bot.budgets.limits.store import BudgetIdentity
from bot.budgets.rules import DEFAULT, TEAM
from bot.domain.money import NANOS_PER_USD
from bot.domain.narrowing import TaskNarrowing
from bot.domain.periods import Unit

NAMES = {TEAM: "team", DEFAULT: "default", 1: "ana@acme.dev"}


def problems(text: str) -> list[str]:
    return parse(text.encode())[1]


def refusal(content: bytes) -> str:
    with pytest.raises(BudgetFileError) as caught:
        parse(content)
    return str(caught.value)


def test_a_file_is_written_for_people() -> None:
    entries = [
        BudgetEntry(BudgetIdentity(TEAM, Unit.MONTH), 10_000 * NANOS_PER_USD),
        BudgetEntry(BudgetIdentity(1, Unit.WEEK), 87_500_000_000, date(2026, 11, 30), 'a "pen\ntest\x7f"'),
    ]
    assert to_toml(entries, NAMES).partition("\n\n")[2] == (
        '[[budget]]\nfor = "team"\nlimit = "$10,000/month"\n\n'
        '[[budget]]\nfor = "ana@acme.dev"\nlimit = "$87.50/week"\nuntil = 2026-11-30\n'
        'reason = "a \\"pen\\ntest\\u007f\\""\n'
    )


def test_people_may_write_comments_and_amounts_as_they_type_them() -> None:
    (entry,), wrong = parse(
        b"""
        # of the pentest
        [[ budget ]]  # for Ana
        for = ' ana@acme.dev '
        limit = "50cr/month"
        until = "2026-12-04"
        reason = ''
        """
    )
    assert wrong == []
    assert (entry.place, entry.name, entry.nanos, entry.unit) == (
        "line 3",
        "ana@acme.dev",
        500 * NANOS_PER_USD,
        "month",
    )
    assert (entry.until, entry.reason) == (date(2026, 12, 4), None)


def test_every_problem_is_named_with_its_line() -> None:
    text = """\
limits = 1

[[budget]]
for = "team"
limit = "10.000/month"

[[budget]]
whose = "default"
limit = 500
until = 2026-12-04T10:00:00Z
reason = 7

[[budget]]
for = ""
limmit = "$5/year"

[[budget]]
for = "ana@acme.dev"
limit = "$5/year"
until = "friday"

[[budget]]
for = true
limit = true
"""
    assert problems(text) == [
        "I don't know `limits`. Each budget begins with `[[budget]]`.",
        "line 3: `10.000` could mean two amounts. Type `10000/month` or `10.00/month`.",
        "line 7: I don't know `whose`. A budget has `for`, `limit`, `only`, `until` and `reason`.",
        'line 7: `for` is missing. Write an e-mail, "team", or "default" for everyone without a personal budget.',
        "line 7: `500` needs a period. Type `500/day`, `500/week` or `500/month`.",
        "line 7: `until` isn't a day. Write until = 2026-12-31.",
        "line 7: `reason` must be a text of at most 1,000 characters",
        "line 13: I don't know `limmit`. Did you mean `limit`?",
        'line 13: `for` is missing. Write an e-mail, "team", or "default" for everyone without a personal budget.',
        'line 13: `limit` is missing. Write limit = "$500/month".',
        "line 17: I don't know the period `year`. A budget is for a day, week or month: `$5/month`.",
        "line 17: `until` isn't a day. Write until = 2026-12-31.",
        'line 22: `for` is missing. Write an e-mail, "team", or "default" for everyone without a personal budget.',
        'line 22: `limit` is missing. Write limit = "$500/month".',
    ]


def test_where_text_hides_the_lines_budgets_are_counted() -> None:
    text = '[[budget]]\nfor = "team"\nlimit = "5/day"\nreason = """\n[[budget]]\n"""\n[[budget]]\nfor = "default"\n'
    assert problems(text) == ['budget 2: `limit` is missing. Write limit = "$500/month".']


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file has no budgets. To remove all of them, write `budget = []`."),
        (b"# nothing\n", "the file has no budgets. To remove all of them, write `budget = []`."),
        (b"[budget]\nfor = 'team'\n", "each budget begins with `[[budget]]`, in double brackets"),
        (b"budget = [1]\n", "each budget begins with `[[budget]]`, in double brackets"),
        (b"[[budget]]\nfor = team\n", "this isn't TOML: Invalid value (at line 2, column 7)"),
        ("[[budget]]".encode("utf-16"), "this isn't text in UTF-8. Save the file as UTF-8."),
        (
            b"[[budget]]\nfor = 'team'\nfor = 'team'\n",
            "this isn't TOML: Cannot overwrite a value (at line 3, column 13)",
        ),
        (b"[[budget]]\n[budget]\n", "this isn't TOML: Cannot declare ('budget',) twice (at line 2, column 8)"),
        (b"a = " + b"[" * 100_000, "this isn't TOML: too many brackets inside each other"),
        (b"#" * 5 * 2**20, "the file is larger than 4 MB, so it can't be one of budgets"),
    ],
)
def test_a_file_that_is_none_of_budgets_is_refused(content: bytes, problem: str) -> None:
    assert refusal(content) == problem


def test_that_there_are_no_budgets_is_written_and_read() -> None:
    text = to_toml([], {})
    assert text.endswith("\n\nbudget = []\n")
    assert parse(text.encode()) == ([], [])
    assert problems("budget = []\nlimit = 5\n") == ["I don't know `limit`. Each budget begins with `[[budget]]`."]


def test_marks_and_breaks_of_other_editors_change_no_line() -> None:
    text = (
        '\ufeff[[budget]]\r\nfor = "team"\r\nlimit = "5/day"\r\nreason = "a\u2028b\x85"\r\n[[budget]]\r\nlimit = 5\r\n'
    )
    assert [each.partition(":")[0] for each in problems(text)] == ["line 5", "line 5"]


@pytest.mark.parametrize("name", ["a" * 100_000, "ana@" + "x" * 1_000])
def test_a_name_that_is_none_is_not_looked_for(name: str) -> None:
    (problem,) = problems(f'[[budget]]\nfor = "{name}"\nlimit = "5/day"\n')
    assert problem.startswith(
        'line 1: `for` is too long for a name. Write an e-mail, "team", or "default" for everyone'
    )


@pytest.mark.parametrize("limit", ["inf", "nan", "-5", "1e400", "0x7fffffffffffffff", "9" * 4_000, '"5/month/day"'])
def test_a_limit_that_is_no_amount_is_refused(limit: str) -> None:
    (problem,) = problems(f'[[budget]]\nfor = "team"\nlimit = {limit}\n')
    assert problem.startswith("line 1: ")


def test_a_budget_may_count_only_some_tasks() -> None:
    (entry,), wrong = parse(b'[[budget]]\nfor = "team"\nlimit = "5/day"\nonly = "model:opus,haiku byok:no"\n')
    assert (entry.narrowing, wrong) == (TaskNarrowing(("opus", "haiku"), (), byok=False), [])
    text = '[[budget]]\nfor = "team"\nlimit = "5/day"\nonly = {}\n'
    assert [problems(text.replace("{}", each))[0] for each in ('"modl:opus"', '"byok:maybe"', "7")] == [
        "line 1: I don't know `modl:opus`. A budget can be narrowed by `model:`, `status:` and `byok:`.",
        "line 1: `byok:` is `byok:yes` or `byok:no`.",
        'line 1: `only` is missing. Write only = "model:opus", or leave it out.',
    ]
