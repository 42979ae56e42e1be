"""What tests of the webhook share: its settings, and the events that a receiver was sent."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from bot.sandbox.webhook import Delivery, WebhookApi, WebhookServer
from tests.support.docs import ROOT

SECRET = "whsec_bmVvLXVzYWdlIHRlc3RzIHNpZ24gd2l0aCB0aGlzIQ=="


def webhook_settings(server: WebhookServer) -> dict[str, str]:
    """The settings that send events to a receiver."""
    return {"WEBHOOK_URL": server.hook_url, "WEBHOOK_SECRET": SECRET}


def events(api: WebhookApi, kind: str = "") -> list[dict[str, Any]]:
    """The events that were taken, of a type or one that begins with it; each is as the schema says."""
    every = [valid_event(each) for each in api.deliveries]
    return [each for each in every if each["type"].startswith(kind)]


def valid_event(delivery: Delivery) -> dict[str, Any]:
    """The event of a delivery, which is as the schema says."""
    event: dict[str, Any] = json.loads(delivery.body)
    _validator().validate(event)
    return event


def receiver_of_the_manual() -> dict[str, Any]:
    """What the manual's receiver defines."""
    code = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "webhook.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "receiver"}
    exec("\n\n".join(code), names)  # noqa: S102 - the manual's own program
    return names


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "webhook.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
