"""A person's addresses, Slack ids and names in texts, and what stands in their place."""

import pytest

from bot.domain.person import Person

ANA = Person((1,), ("ana@acme.dev", "ana.silva@old.example"), frozenset({"U1ANA"}), frozenset({"Ana Silva"}))


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("ana@acme.dev", "removed member"),
        ("as ANA@acme.dev, and Ana.Silva@old.example.", "as removed member, and removed member."),
        ("<mailto:ana@acme.dev|ana@acme.dev>", "<mailto:removed member|removed member>"),
        ("joana@acme.dev, ana@acme.dev.br, ana@acme.device, x-ana@acme.dev", None),
        ("for <@U1ANA>", "for removed member"),
        ("for <@U1ANA|ana>: U1ANA", "for removed member: removed member"),
        ("U1ANABEL and XU1ANA", None),
        ("Ana Silva's pentest (ana silva)", "removed member's pentest (removed member)"),
        ("Ana Silvano, Joana Silva, Ana", None),
        ("", None),
    ],
)
def test_what_identifies_them_is_replaced_and_nothing_else(text: str, redacted: str | None) -> None:
    assert ANA.redacted(text) == (text if redacted is None else redacted)


def test_nothing_is_replaced_where_nothing_is_known() -> None:
    assert Person((), ("",), names=frozenset({" "})).redacted("a b") == "a b"
