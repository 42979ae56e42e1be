"""A person's addresses, Slack ids and names in texts, and what stands in their place."""

import pytest

from bot.domain.person import Person
from tests.support.mentions import OTHERS, REDACTED

ANA = Person((1,), ("ana@acme.dev", "ana.silva@old.example"), frozenset({"U1ANA"}), frozenset({"Ana Silva"}), OTHERS)


@pytest.mark.parametrize(("text", "redacted"), REDACTED)
def test_what_identifies_them_is_replaced_and_nothing_else(text: str, redacted: str | None) -> None:
    assert ANA.redacted(text) == (text if redacted is None else redacted)


@pytest.mark.parametrize("typed", ["Jos\u00e9", "Jose\u0301", "JOS\u00c9", "JOSE\u0301"])
@pytest.mark.parametrize("known", ["Jos\u00e9", "Jose\u0301"])
def test_a_letter_is_the_same_however_it_is_composed(known: str, typed: str) -> None:
    person = Person((1,), (f"{known.lower()}@acme.dev",), names=frozenset({known}))
    assert person.redacted(f"{typed}, {typed}@acme.dev") == "removed member, removed member"


def test_nothing_is_replaced_where_nothing_is_known() -> None:
    assert Person((), ("",), names=frozenset({" "})).redacted("a b") == "a b"
