"""Who a Slack user is to the bot, by the record that Slack has of them."""

from typing import Any

import pytest

from bot.domain.access import Caller, Role
from bot.people.roles import SLACKBOT, DenialReason, caller_of, read_user

TEAM, ENTERPRISE = "T0ACME", "E0ACME"


def record(**fields: Any) -> dict[str, Any]:
    return {
        "id": "U0ANA",
        "team_id": TEAM,
        "name": "ana",
        "is_email_confirmed": True,
        "profile": {"real_name": "Ana Lima", "email": " Ana.Lima@Acme.example "},
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "denial"),
    [
        ({}, None),
        ({"deleted": True}, DenialReason.GONE),
        ({"deleted": True, "is_bot": True}, DenialReason.GONE),
        ({"is_bot": True}, DenialReason.BOT),
        ({"is_workflow_bot": True}, DenialReason.BOT),
        ({"id": SLACKBOT}, DenialReason.BOT),
        ({"is_stranger": True}, DenialReason.OUTSIDE),
        ({"team_id": "T0GLOBEX"}, DenialReason.OUTSIDE),
        ({"team_id": "T0GLOBEX", "enterprise_user": {"enterprise_id": "E0GLOBEX"}}, DenialReason.OUTSIDE),
        ({"team_id": "T0OTHER", "enterprise_user": {"enterprise_id": ENTERPRISE}}, None),
        ({"is_restricted": True}, DenialReason.GUEST),
        ({"is_ultra_restricted": True}, DenialReason.GUEST),
    ],
)
def test_who_is_no_full_member_is_denied_with_the_reason(fields: dict[str, Any], denial: DenialReason | None) -> None:
    assert read_user(record(**fields), TEAM, ENTERPRISE).denial is denial


def test_without_an_enterprise_of_ones_own_every_other_team_is_outside() -> None:
    assert read_user(record(team_id="T0OTHER"), TEAM, None).denial is DenialReason.OUTSIDE


@pytest.mark.parametrize(
    ("fields", "email"),
    [
        ({}, "ana.lima@acme.example"),
        ({"is_email_confirmed": False}, None),
        ({"is_email_confirmed": 1}, None),
        ({"profile": {"email": ""}}, None),
        ({"profile": {"email": "no address"}}, None),
        ({"profile": None}, None),
    ],
)
def test_an_e_mail_counts_once_slack_has_confirmed_it(fields: dict[str, Any], email: str | None) -> None:
    assert read_user(record(**fields), TEAM, None).email == email


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "Ana Lima"),
        ({"profile": {"display_name": "Annie"}}, "Annie"),
        ({"profile": {}}, "ana"),
        ({"profile": {}, "name": ""}, "U0ANA"),
    ],
)
def test_a_name_is_the_fullest_that_there_is(fields: dict[str, Any], name: str) -> None:
    assert read_user(record(**fields), TEAM, None).name == name


@pytest.mark.parametrize(
    ("admins", "linked", "taken", "caller"),
    [
        (set(), None, False, Caller(Role.MEMBER, "ana.lima@acme.example")),
        ({"U0ANA"}, None, False, Caller(Role.OPERATOR, "ana.lima@acme.example")),
        ({"ana.lima@acme.example"}, None, False, Caller(Role.OPERATOR, "ana.lima@acme.example")),
        (set(), "lima@neo.example", False, Caller(Role.MEMBER, "lima@neo.example")),
        ({"boss@acme.example"}, "boss@acme.example", False, Caller(Role.MEMBER, "boss@acme.example")),
        (set(), None, True, Caller(Role.MEMBER, None)),
        (set(), "lima@neo.example", True, Caller(Role.MEMBER, "lima@neo.example")),
    ],
)
def test_a_link_says_who_one_is_and_makes_nobody_an_operator(
    admins: set[str],
    linked: str | None,
    taken: bool,  # noqa: FBT001 - a case of a table
    caller: Caller,
) -> None:
    assert caller_of(read_user(record(), TEAM, None), admins, linked, taken=taken) == caller
