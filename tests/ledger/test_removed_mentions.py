"""What identified removed members in texts that are read later: found by hashes as it is while they are known."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.person import REMOVED_NAME, Person
from bot.ledger.removed_members import hashed
from bot.ledger.removed_mentions import RemovedMentions, hashed_identifiers
from tests.support.mentions import OTHERS, REDACTED

KEY = "5f" * 32
ANA = Person(
    (1,),
    ("ana@acme.dev", "ana.silva@old.example", "jos\u00e9@acme.dev"),
    frozenset({"U1ANA"}),
    frozenset({"Ana Silva", "Jean-Luc d'Or (QA)"}),
    OTHERS,
)
HASHES = frozenset([hashed(KEY, each) for each in ANA.emails] + hashed_identifiers(KEY, ANA))
REMOVED = RemovedMentions(KEY, HASHES, OTHERS.intersection)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        *REDACTED,
        ("3f9a2b7c-1d2e-4a5b-9c8d-7e6f5a4b3c2d-ana@acme.dev", "3f9a2b7c-1d2e-4a5b-9c8d-7e6f5a4b3c2d-removed member"),
        ("x@y,ana@acme.dev,ana@acme.dev@z", "x@y,removed member,removed member@z"),
        ("https://neo.example/t?to=ana@acme.dev&cc=1", "https://neo.example/t?to=removed member&cc=1"),
        ('{"mail to ana@acme.dev":{"calls":1}}', '{"mail to removed member":{"calls":1}}'),
        ("JOSE\u0301@acme.dev", "removed member"),
        ("by jean-luc d'or (QA).", "by removed member)."),
        ("@ @@ ana@ @acme.dev", None),
    ],
)
def test_what_identified_them_is_replaced_and_nothing_else(text: str, redacted: str | None) -> None:
    assert REMOVED.redacted(text) == (text if redacted is None else redacted)


PARTS = (
    "ana@acme.dev",
    "ANA",
    "Silva",
    "ana silva",
    "U1ANA",
    "@",
    "ana%40acme.dev",
    "%40",
    "ANA\\u0040acme.dev",
    "&#64;",
    "\uff20",
    "x-",
    ".br",
    "2",
    "%3a",
    "\\n",
    "_",
    ".",
    ",",
    " ",
    "  ",
    "-",
    "'",
    "x",
    "\u00e9",
    "(",
    "|",
    "\n",
)


@given(st.lists(st.sampled_from(PARTS), max_size=9))
def test_it_is_what_is_replaced_while_they_are_known(parts: list[str]) -> None:
    text = normalize("NFC", "".join(parts))
    assert REMOVED.redacted(text).split(REMOVED_NAME) == ANA.redacted(text).split(REMOVED_NAME)


def test_a_row_keeps_what_is_no_text() -> None:
    assert REMOVED.redacted_row((7, "by ana silva", None)) == (7, "by removed member", None)
