"""A hostile network client: forged, replayed and broken requests, and what must be as it was afterwards."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import text
from sqlmodel import SQLModel

from bot.app import system_clock
from tests.support.engines import connected
from tests.support.harness import ServiceHarness

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SHARED = {"team_id": "T0ACME", "api_app_id": "A0NEOUSAGE", "token": "x"}


@dataclass(frozen=True)
class Sent:
    """A request to the bot's door: what it carries, and as what."""

    body: bytes
    kind: str = FORM


def hook(harness: ServiceHarness, user: str) -> str:
    """An address at which Slack would take an answer for somebody."""
    workspace = harness.workspace
    return harness.slack.context.tokens.new_response_url(workspace.channel("neo-spend").id, workspace.user(user).id)


def command(harness: ServiceHarness, user: str, text: str, **more: str) -> dict[str, str]:
    """What Slack sends of a command; `more` replaces its fields."""
    given = {
        **SHARED, "command": "/neo-usage", "text": text, "user_id": harness.workspace.user(user).id,
        "channel_id": harness.workspace.channel("neo-spend").id, "trigger_id": f"1.1.{text}",
        "response_url": hook(harness, user),
    }  # fmt: skip
    return given | more


def action(harness: ServiceHarness, user: str, action_id: str, value: str) -> dict[str, Any]:
    """What Slack sends of a click."""
    return {
        **SHARED, "type": "block_actions", "user": {"id": harness.workspace.user(user).id},
        "trigger_id": f"1.1.{value}",
        "channel": {"id": harness.workspace.channel("neo-spend").id, "name": "neo-spend"},
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value}],
        "response_url": hook(harness, user),
    }  # fmt: skip


def form(harness: ServiceHarness, user: str, callback: str, values: dict[str, str]) -> dict[str, Any]:
    """What Slack sends of a form that was filled in."""
    filled = {block: {"e": {"type": "plain_text_input", "value": value}} for block, value in values.items()}
    kept = f"{harness.workspace.channel('neo-spend').id} " + json.dumps(
        {"scope": None, "unit": "month", "revision": None}
    )
    view = {"id": "V1", "type": "modal", "callback_id": callback, "private_metadata": kept, "state": {"values": filled}}
    person = {"id": harness.workspace.user(user).id}
    return {**SHARED, "type": "view_submission", "user": person, "view": view, "trigger_id": "1.1.form"}


def event(harness: ServiceHarness, user: str, text: str) -> dict[str, Any]:
    """What Slack sends of a direct message."""
    person = harness.workspace.user(user).id
    said = {
        "type": "message", "user": person, "text": text, "channel": harness.workspace.im_of(person).id,
        "channel_type": "im", "ts": "1700000000.000100",
    }  # fmt: skip
    return {**SHARED, "type": "event_callback", "event_id": "Ev1", "event": said}


def as_form(fields: dict[str, Any]) -> bytes:
    """A command's fields, or another payload, as Slack's form."""
    flat = fields if "command" in fields else {"payload": json.dumps(fields)}
    return urlencode(flat).encode()


def well_formed(harness: ServiceHarness) -> Iterator[Sent]:
    """One act of each kind in an operator's name, each of which would change something or tell something."""
    yield Sent(as_form(command(harness, "hannah", "budget team 1/month")))
    yield Sent(as_form(command(harness, "hannah", "link <@U0PRIYA> marcus.delgado@acme.example")))
    yield Sent(as_form(command(harness, "hannah", "team rows")))
    yield Sent(as_form(action(harness, "hannah", "ask:model", "team 7d by:model")))
    yield Sent(as_form(form(harness, "hannah", "budget_form", {"whose": "team", "amount": "1", "unit": "month"})))
    yield Sent(json.dumps(event(harness, "hannah", "budget default 1/day")).encode(), JSON)


def signed(harness: ServiceHarness, body: bytes, *, kind: str = FORM, at: int | None = None) -> dict[str, str]:
    """Headers as Slack sets them, for a moment in seconds or now."""
    stamp = str(int(system_clock().timestamp()) if at is None else at)
    secret = harness.workspace.signing_secret.encode()
    signature = hmac.new(secret, f"v0:{stamp}:".encode() + body, "sha256").hexdigest()
    return {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signature}"}


def stranger() -> httpx.AsyncClient:
    """A client of the port, quickly made."""
    return httpx.AsyncClient(trust_env=False, verify=False)  # noqa: S501 - it is plain HTTP on the loopback


async def posted(
    harness: ServiceHarness, body: bytes, headers: dict[str, str], path: str = "/slack/events"
) -> httpx.Response:
    """What the bot's port answers."""
    async with stranger() as client:
        url = f"http://127.0.0.1:{harness.service.port}{path}"
        return await client.post(url, content=body, headers=headers)


def state(harness: ServiceHarness) -> dict[str, list[Any]]:
    """Every table of the ledger but those that passing time fills, and every call that reached Slack."""
    names = SQLModel.metadata.tables.keys() - {"lease", "note"}
    with connected(harness.place) as ledger:
        rows = {name: sorted(map(repr, ledger.execute(text(f"SELECT * FROM {name}")))) for name in names}
    return rows | {"calls": [call.method for call in harness.slack.log if call.method != "auth.test"]}
