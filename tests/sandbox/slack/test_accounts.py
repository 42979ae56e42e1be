"""The methods auth.test and users.*."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.workspace import SCOPES, Workspace
from tests.support.sandbox import Refused


async def test_who_one_is_comes_with_the_scopes(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0NEOUSAGE", "B0NEOUSAGE", "T0ACME001")
    assert set(answer.headers["x-oauth-scopes"].split(",")) == SCOPES


async def test_people_come_in_pages(client: AsyncWebClient, workspace: Workspace) -> None:
    first = await client.users_list(limit=10)
    second = await client.users_list(limit=10, cursor=first["response_metadata"]["next_cursor"])
    found = [user["id"] for page in (first, second) for user in page["members"]]
    assert found == list(workspace.users)
    assert second["response_metadata"]["next_cursor"] == ""


async def test_a_person_is_found_by_email_in_any_case(client: AsyncWebClient) -> None:
    answer = await client.users_lookupByEmail(email="Priya.Raman@ACME.example")
    assert answer["user"]["profile"]["email"] == "priya.raman@acme.example"


async def test_nobody_deactivated_foreign_or_unknown_is_found_by_email(
    client: AsyncWebClient, workspace: Workspace, refused: Refused
) -> None:
    workspace.user("marcus").deleted = True
    for email in ("marcus.delgado@acme.example", "owen.blake@globex.example", "x@y.example"):
        assert await refused(client.users_lookupByEmail(email=email)) == "users_not_found"


async def test_profiles_carry_no_email_without_the_scope(client: AsyncWebClient, workspace: Workspace) -> None:
    workspace.scopes.remove("users:read.email")
    assert "email" not in (await client.users_info(user="U0PRIYA"))["user"]["profile"]


async def test_the_flags_of_a_person_are_told(client: AsyncWebClient, workspace: Workspace, refused: Refused) -> None:
    guest, stranger = [(await client.users_info(user=user))["user"] for user in ("U0GIL", "U0OWEN")]
    assert guest["is_ultra_restricted"]
    assert (stranger["is_stranger"], stranger["team_id"]) == (True, "T0GLOBEX1")
    workspace.user("dana").deleted = True
    gone = (await client.users_info(user="U0DANA"))["user"]
    assert (gone["deleted"], "is_restricted" in gone) == (True, False)
    assert await refused(client.users_info(user="U0NOBODY")) == "user_not_found"
