"""The door: every act in Slack comes in here, is acknowledged at once, told apart from its duplicates, and served."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.replies import Direct, Drawn, Hook, Note
from bot.slack.requests import Kind, Request
from bot.slack.workspace import Account, Workspace

COMMAND = "/neo-usage"
_REMEMBERED = 5_000  # acts, against Slack's repeated deliveries
_EVERYTHING = re.compile(r"(?s).*")

Serve = Callable[[Request], Awaitable[None]]
Check = Callable[[str, Mapping[str, str]], Mapping[str, str]]
"""What is wrong with a form of that id, by field."""
Body = Mapping[str, Any]


class Door:
    """Bolt's app with one listener a kind of act; the work is done in tasks that `drain` waits for."""

    def __init__(
        self, workspace: Workspace, account: Account, serve: Serve, signing_secret: str | None, check: Check
    ) -> None:
        self._workspace, self._account, self._serve, self._check = workspace, account, serve, check
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.bolt = AsyncApp(
            client=AsyncWebClient(base_url=workspace.posting.base_url),  # Bolt's own; rooms have theirs
            authorize=_authorizing(account, workspace.posting.token),
            signing_secret=signing_secret or "",
            # Bolt would look for the ack every 10 ms; ours comes first thing
            process_before_response=True,
            request_verification_enabled=signing_secret is not None,
        )
        self.bolt.command(COMMAND)(self._on_command)
        self.bolt.action(_EVERYTHING)(self._on_action)
        self.bolt.view(_EVERYTHING)(self._on_form)
        self.bolt.event("app_mention")(self._on_message)
        self.bolt.event("message")(self._on_message)
        self.bolt.event("app_home_opened")(self._on_home)

    async def _on_command(self, ack: Callable[[], Awaitable[Any]], body: Body) -> None:
        await ack()
        reply = Hook(self._workspace, body["response_url"], body["user_id"])
        text, trigger = unescaped(body.get("text", "")), body.get("trigger_id") or ""
        request = Request(Kind.COMMAND, body["user_id"], body["channel_id"], text, reply, trigger=trigger)
        self._take(trigger, request)

    async def _on_action(self, ack: Callable[[], Awaitable[Any]], body: Body) -> None:
        await ack()
        user, action = body["user"]["id"], body["actions"][0]
        url, channel = body.get("response_url"), (body.get("channel") or {}).get("id", "")
        at_home = (body.get("view") or {}).get("type") == "home"
        if not url and not at_home:
            return  # pressed in a form; it is sent off as a whole
        value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
        trigger = body.get("trigger_id") or ""
        reply = Hook(self._workspace, url, user) if url else Direct(self._workspace, user)
        self._take(trigger, Request(Kind.BUTTON, user, channel, value, reply, action["action_id"], trigger))

    async def _on_home(self, ack: Callable[[], Awaitable[Any]], event: Body) -> None:
        await ack()
        if event.get("tab") == "home":
            user = event["user"]
            request = Request(Kind.HOME, user, "", "", Drawn(self._workspace, user))
            self._take(f"{user}:{event['event_ts']}" if event.get("event_ts") else "", request)

    async def _on_form(self, ack: Callable[..., Awaitable[Any]], body: Body) -> None:
        user, view = body["user"]["id"], body["view"]
        fields = dict(_filled_in(view))
        if wrong := self._check(view["callback_id"], fields):
            await ack(response_action="errors", errors=dict(wrong))
            return
        await ack()
        channel, _, text = view.get("private_metadata", "").partition(" ")
        reply = Note(self._workspace, user, channel, None)
        request = Request(Kind.FORM, user, channel, text, reply, view["callback_id"], fields=fields)
        self._take(body.get("trigger_id") or view["id"], request)

    async def _on_message(self, ack: Callable[[], Awaitable[Any]], event: Body) -> None:
        await ack()
        if event.get("subtype") or event.get("bot_id") or not event.get("user") or not event.get("text"):
            return
        direct = event.get("channel_type") == "im" or event["channel"].startswith("D")
        if event["type"] == "message" and not direct:
            return  # talk in a channel; a mention comes as an event of its own
        reply = Note(self._workspace, event["user"], event["channel"], event.get("thread_ts"))
        text = unescaped(event["text"].replace(f"<@{self._account.user}>", " "))
        kind = Kind.DIRECT if direct else Kind.MENTION
        # one message can come as two events: it is told by its place, not by the event's id
        key = f"{event['channel']}:{event.get('ts')}"
        self._take(key, Request(kind, event["user"], event["channel"], text.strip(), reply))

    def _take(self, key: str, request: Request) -> None:
        """Serve a request in a task of its own, unless it was seen before."""
        if key:
            if key in self._seen:
                return
            self._seen[key] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        self.run(self._serve(request))

    def run(self, work: Awaitable[None]) -> None:
        """Do some work that `drain` waits for."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until nothing is in flight."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def drain(self, seconds: float) -> None:
        """Wait for what is in flight, then break off what is left and give it a moment to say so."""
        for patience in (seconds, 1.0):
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=patience)
            for task in self._tasks:
                task.cancel()


def _filled_in(view: Body) -> Iterator[tuple[str, str]]:
    """A form's fields, by block: each has one element."""
    for block, elements in view["state"]["values"].items():
        for element in elements.values():
            option = (element.get("selected_option") or {}).get("value")
            yield block, unescaped(element.get("value") or option or element.get("selected_date") or "").strip()


def _authorizing(account: Account, token: str | None) -> Callable[..., Awaitable[AuthorizeResult]]:
    """One workspace, whose account was looked at when starting: no call a request."""

    async def authorize(team_id: str | None = None) -> AuthorizeResult:  # Bolt hands over what the names ask for
        del team_id
        return AuthorizeResult(
            enterprise_id=account.enterprise,
            team_id=account.team,
            bot_user_id=account.user,
            bot_id=account.bot,
            bot_token=token,
        )

    return authorize


def unescaped(text: str) -> str:
    """What was typed, of the three characters that Slack escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
