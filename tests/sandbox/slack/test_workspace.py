"""The workspace is Acme's: its people, its channels, its order of time."""

import asyncio
import threading
from datetime import timedelta

import pytest

from bot.sandbox.slack.models import Message, User
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.team import TEAM
from bot.sandbox.world import START


def test_everybody_of_the_team_but_the_machine_is_there(workspace: Workspace) -> None:
    emails = {user.email for user in workspace.users.values()}
    assert {member.email for member in TEAM} - emails == {"appsec-ci@acme.example"}


def test_the_bot_is_where_it_was_invited(workspace: Workspace) -> None:
    present = {channel.name for channel in workspace.channels.values() if workspace.bot_user in channel.members}
    assert {"neo-spend", "general", "acme-x-globex", "priya"} <= present
    assert present.isdisjoint({"security", "sec-leads"})


def test_the_guest_is_in_one_channel(workspace: Workspace) -> None:
    guest = workspace.user("gil")
    channels = [channel for channel in workspace.channels.values() if guest.id in channel.members]
    assert guest.is_ultra_restricted
    assert [channel.name for channel in channels if channel.kind != "im"] == ["shop-pentest"]


@pytest.mark.parametrize("name", ["neo-spend", "#neo-spend", "C0NEOSPEND"])
def test_channels_are_found_by_name_and_id(workspace: Workspace, name: str) -> None:
    assert workspace.channel(name).id == "C0NEOSPEND"


@pytest.mark.parametrize("name", ["nowhere", "#priya"])
def test_what_is_no_channel_is_not_found(workspace: Workspace, name: str) -> None:
    with pytest.raises(KeyError):
        workspace.channel(name)


def test_stamps_rise_while_the_clock_stands(workspace: Workspace) -> None:
    stamps = [workspace.stamp(START), workspace.stamp(START), workspace.stamp(START - timedelta(hours=1))]
    assert stamps == ["1772442000.000000", "1772442000.000001", "1772442000.000002"]


def test_an_ephemeral_message_is_seen_by_one(workspace: Workspace) -> None:
    workspace.post("C0NEOSPEND", Message("1.000000", "U0NEOUSAGE", "hush", ephemeral_to="U0PRIYA"))
    assert len(workspace.visible_messages("C0NEOSPEND", "U0PRIYA")) == 1
    assert workspace.visible_messages("C0NEOSPEND", "U0MARCUS") == []


def test_direct_messages_are_opened_when_needed(workspace: Workspace) -> None:
    workspace.add_user(User("U0NEW", "newcomer", "New Comer"))
    assert workspace.im_of("U0NEW") is workspace.im_of("newcomer")


async def test_a_change_wakes_who_waits_also_from_another_thread(workspace: Workspace) -> None:
    waiting = asyncio.create_task(workspace.wait_change(workspace.version))
    await asyncio.sleep(0)
    threading.Thread(target=workspace.touch).start()
    assert await asyncio.wait_for(waiting, 5) == 1
    assert await workspace.wait_change(0) == 1


async def test_waiting_ends_without_a_change(workspace: Workspace) -> None:
    assert await workspace.wait_change(0, seconds=0.01) == 0
    with pytest.raises(TimeoutError):
        await workspace.until(lambda: False, seconds=0.01)
