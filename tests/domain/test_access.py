"""Access: a member sees their own spend and nothing else; only operators see others'."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.access import AT_THE_TERMINAL, Caller, Grant, RefusedError, Role, grant
from bot.domain.query.parser import parse
from bot.domain.query.question import GROUPINGS, Field, Filter, Question
from tests.support.effort import examples

ANA, BOB = "ana@acme.dev", "bob@acme.dev"
MEMBER = Caller(Role.MEMBER, ANA)
OPERATOR = Caller(Role.OPERATOR, ANA)
UNMATCHED_OPERATOR = Caller(Role.OPERATOR)
NOW = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)


def asked(line: str) -> Question:
    return parse(line, now=NOW, zone=UTC)


@pytest.mark.parametrize(
    ("line", "named", "caller", "members"),
    [
        # a member: themselves, however they say it
        ("", (), MEMBER, (ANA,)),
        ("me 7d by:model", (), MEMBER, (ANA,)),
        ("by:day,status", (), MEMBER, (ANA,)),
        (f"email:{ANA}", (), MEMBER, (ANA,)),
        ("email:ANA@ACME.DEV", (), MEMBER, (ANA,)),
        ("<@U1>", (ANA,), MEMBER, (ANA,)),
        (f"-email:{BOB}", (), MEMBER, (ANA,)),
        (f"search:{BOB}", (), MEMBER, (ANA,)),
        ("task:0b6c rows csv", (), MEMBER, (ANA,)),
        # an operator: themselves unless others are asked for
        ("", (), OPERATOR, (ANA,)),
        ("by:model", (), OPERATOR, (ANA,)),
        ("team", (), OPERATOR, None),
        ("by:member", (), OPERATOR, None),
        (f"email:{BOB}", (), OPERATOR, None),
        ("<@U2>", (BOB,), OPERATOR, (BOB,)),
        ("<@U1> <@U2>", (ANA, BOB), OPERATOR, (ANA, BOB)),
        ("<@U2> by:member", (BOB,), OPERATOR, (BOB,)),
        # the terminal, and an operator who is no member: everybody
        ("", (), AT_THE_TERMINAL, None),
        ("7d by:model", (), UNMATCHED_OPERATOR, None),
        ("@bob", (BOB,), AT_THE_TERMINAL, (BOB,)),
    ],
)
def test_a_caller_gets_the_scope_they_may_have(
    line: str, named: tuple[str, ...], caller: Caller, members: tuple[str, ...] | None
) -> None:
    assert grant(asked(line), caller, named) == Grant(members)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("team", ()),
        ("team by:model", ()),
        ("by:member", ()),
        ("by:model,member", ()),
        (f"email:{BOB}", ()),
        (f"email:{ANA},{BOB}", ()),
        ("<@U2>", (BOB,)),
        ("<@U1> <@U2>", (ANA, BOB)),
        (f"email:{ANA} team", ()),
        (f"email:{BOB} -email:{ANA}", ()),
    ],
)
def test_a_member_who_asks_for_others_is_refused(line: str, named: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="Only operators can see other people's spend"):
        grant(asked(line), MEMBER, named)


@pytest.mark.parametrize("caller", [Caller(Role.NOBODY), Caller(Role.NOBODY, ANA), Caller(Role.MEMBER)])
@pytest.mark.parametrize("line", ["", "team", f"email:{ANA}", "by:member"])
def test_somebody_without_a_match_or_a_role_sees_nothing(line: str, caller: Caller) -> None:
    with pytest.raises(RefusedError, match="can't find you in Neo"):
        grant(asked(line), caller, ())


EMAILS = st.sampled_from([ANA, BOB, "eve@acme.dev", "an", ""])
FILTERS = st.builds(
    Filter,
    st.sampled_from(Field),
    st.lists(EMAILS, min_size=1, max_size=3).map(tuple),
    st.booleans(),
)
QUESTIONS = st.builds(
    Question,
    team=st.booleans(),
    people=st.lists(st.sampled_from(["<@U1>", "<@U2>", "@bob"]), max_size=2).map(tuple),
    filters=st.lists(FILTERS, max_size=3).map(lambda filters: tuple(sorted(filters))),
    by=st.lists(st.sampled_from(GROUPINGS), max_size=2, unique=True).map(tuple),
    rows=st.booleans(),
)


@examples(400)
@given(QUESTIONS, st.lists(EMAILS, max_size=3).map(tuple), st.sampled_from([ANA, BOB]))
def test_a_member_is_never_granted_more_than_their_own_email(
    question: Question, named: tuple[str, ...], own: str
) -> None:
    try:
        granted = grant(question, Caller(Role.MEMBER, own), named)
    except RefusedError:
        return
    assert granted.members == (own,)


@examples(200)
@given(QUESTIONS, st.lists(EMAILS, max_size=3).map(tuple))
def test_nobody_is_never_granted_anything(question: Question, named: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError):
        grant(question, Caller(Role.NOBODY, ANA), named)
