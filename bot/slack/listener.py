"""The door: every act in Slack comes in here, is acknowledged at once, told apart from its duplicates, and served."""

import asyncio
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from secrets import token_hex
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.slack.deduplication import RequestDeduplicator
from bot.slack.origin import is_answer_address
from bot.slack.payloads import (
    LONGEST_TEXT,
    LONGEST_VALUE,
    Body,
    MalformedError,
    filled_in,
    identifier,
    part,
    parts,
    text,
    unescaped,
)
from bot.slack.requests import Request, RequestKind, Responder
from bot.slack.responders import DirectResponder, HomeResponder, MessageResponder, ResponseUrlResponder
from bot.slack.transport import web_client
from bot.slack.workspace import Account, Workspace

log = structlog.get_logger(__name__)

COMMAND = "/neo-usage"
_EVERYTHING = re.compile(r"(?s).*")
_BAD, _NOT_FOUND = 400, 404

Serve = Callable[[Request], Awaitable[None]]
Check = Callable[[str, Mapping[str, str]], Mapping[str, str]]
"""What is wrong with a form of that id, by field."""
Context = Mapping[str, Any]


class Listener:
    """Bolt's app with one listener a kind of act; the work is done in tasks that `drain` waits for.

    `dispatch` is for payloads whose origin is proven. Whoever hands Bolt a request over HTTP instead has it verified
    by Bolt itself: with the app's signing secret, or with one that nobody knows where there is none.
    """

    def __init__(  # noqa: PLR0917 - what there is to wire
        self,
        workspace: Workspace,
        account: Account,
        serve: Serve,
        signing_secret: str | None,
        check: Check,
        taken: RequestDeduplicator,
    ) -> None:
        self._workspace, self._account, self._serve, self._check = workspace, account, serve, check
        self._taken = taken
        self._tasks: set[asyncio.Task[None]] = set()
        self.bolt = AsyncApp(
            name="slack_bolt",
            client=web_client(None, workspace.address),  # Bolt's own; rooms have theirs
            authorize=_authorizing(account, workspace.posting.token),
            signing_secret=signing_secret or token_hex(32),
            # Bolt would look for the ack every 10 ms; ours comes first thing
            process_before_response=True,
            request_verification_enabled=True,
            raise_error_for_unhandled_request=True,
        )
        self.bolt.error(self._on_error)
        self.bolt.command(COMMAND)(self._on_command)
        self.bolt.action(_EVERYTHING)(self._on_action)
        self.bolt.view(_EVERYTHING)(self._on_form)
        self.bolt.event("app_mention")(self._on_message)
        self.bolt.event("message")(self._on_message)
        self.bolt.event("app_home_opened")(self._on_home)

    async def dispatch(self, body: dict[str, Any], proof: str = "") -> BoltResponse:
        """Acknowledge a payload that Slack sent, and begin to serve it; of one that is malformed a line is logged.

        Args:
            body: what Slack sent, whose origin is proven.
            proof: what tells it from every other request, if its payload does not.
        """
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=body, context={"proof": proof})
            return await self.bolt.async_dispatch(request)
        except Exception as error:  # noqa: BLE001 - Bolt reads a payload in many places, and trusts its shape in each
            return await self._on_error(error)

    async def _on_error(self, error: Exception) -> BoltResponse:
        """Say in one line what became of a request, and nothing of what it holds."""
        if isinstance(error, BoltUnhandledRequestError):
            log.info("nothing to do for a request of this kind")
            return BoltResponse(status=_NOT_FOUND)
        if isinstance(error, MalformedError):
            log.warning("a request of Slack's is malformed", why=str(error))
        else:
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
            log.error("a request of Slack's cannot be read", why=type(error).__name__, where=place)
        return BoltResponse(status=_BAD)

    async def _on_command(self, ack: Callable[[], Awaitable[Any]], body: Body, context: Context) -> None:
        user, channel, trigger = identifier(body, "user_id"), identifier(body, "channel_id"), text(body, "trigger_id")
        reply, typed = self._hook(body, user), unescaped(text(body, "text", LONGEST_TEXT))
        await ack()
        self._take(trigger, context, Request(RequestKind.COMMAND, user, channel, typed, reply, trigger=trigger))

    async def _on_action(self, ack: Callable[[], Awaitable[Any]], body: Body, context: Context) -> None:
        user, channel = identifier(part(body, "user"), "id"), text(part(body, "channel"), "id")
        action, trigger = _first(body), text(body, "trigger_id")
        id_, value = text(action, "action_id"), _value(action)
        reply = self._back(body, user)
        await ack()
        if reply is not None:
            self._take(trigger, context, Request(RequestKind.BUTTON, user, channel, value, reply, id_, trigger))

    async def _on_home(self, ack: Callable[[], Awaitable[Any]], event: Body, context: Context) -> None:
        user, at, tab = identifier(event, "user"), text(event, "event_ts"), text(event, "tab")
        await ack()
        if tab == "home":
            request = Request(RequestKind.HOME, user, "", "", HomeResponder(self._workspace, user))
            self._take(f"{user}:{at}" if at else "", context, request)

    async def _on_form(self, ack: Callable[..., Awaitable[Any]], body: Body, context: Context) -> None:
        user, view = identifier(part(body, "user"), "id"), part(body, "view")
        form, fields, key = text(view, "callback_id"), dict(filled_in(view)), text(body, "trigger_id")
        channel, _, carried = text(view, "private_metadata", LONGEST_VALUE).partition(" ")
        key = key or identifier(view, "id")
        if wrong := self._check(form, fields):
            await ack(response_action="errors", errors=dict(wrong))
            return
        await ack()
        reply = MessageResponder(self._workspace, user, channel, None)
        self._take(key, context, Request(RequestKind.FORM, user, channel, carried, reply, form, fields=fields))

    async def _on_message(self, ack: Callable[[], Awaitable[Any]], event: Body, context: Context) -> None:
        typed = text(event, "text", LONGEST_TEXT)
        if event.get("subtype") or event.get("bot_id") or not event.get("user") or not typed:
            await ack()
            return
        user, channel, at = identifier(event, "user"), identifier(event, "channel"), text(event, "ts")
        thread = text(event, "thread_ts") or None
        direct = text(event, "channel_type") == "im" or channel.startswith("D")
        await ack()
        if event.get("type") == "message" and not direct:
            return  # talk in a channel; a mention comes as an event of its own
        said = unescaped(typed.replace(f"<@{self._account.user}>", " ")).strip()
        kind, reply = (
            RequestKind.DIRECT if direct else RequestKind.MENTION,
            MessageResponder(self._workspace, user, channel, thread),
        )
        # one message can come as two events: it is told by its place, not by the event's id
        self._take(f"{channel}:{at}" if at else "", context, Request(kind, user, channel, said, reply))

    def _hook(self, body: Body, user: str) -> ResponseUrlResponder:
        """The way back by the address that came along; raises MalformedError if that is none of Slack's."""
        url = text(body, "response_url")
        if not is_answer_address(url, self._workspace.address):
            raise MalformedError("`response_url` is not Slack's")
        return ResponseUrlResponder(self._workspace, url, user)

    def _back(self, body: Body, user: str) -> Responder | None:
        """The way back to whoever pressed a button; None in a form, which is sent off as a whole."""
        if text(body, "response_url"):
            return self._hook(body, user)
        return DirectResponder(self._workspace, user) if part(body, "view").get("type") == "home" else None

    def _take(self, key: str, context: Context, request: Request) -> None:
        """Serve a request in a task of its own, unless it was seen before."""
        proof = str(context.get("proof") or "")
        if not key or self._taken.add(key):
            self.run(self._served(request, key, proof))

    async def _served(self, request: Request, *keys: str) -> None:
        if await self._taken.claim(*keys):
            await self._serve(request)

    def run(self, work: Awaitable[None]) -> None:
        """Do some work that `drain` waits for."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait_idle(self) -> None:
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
        await self._taken.end()


def _first(body: Body) -> Body:
    """The action of a click; raises MalformedError if there is none."""
    actions = parts(body, "actions")
    if not actions:
        raise MalformedError("`actions` is empty")
    return actions[0]


def _value(action: Body) -> str:
    return text(action, "value") or text(part(action, "selected_option"), "value")


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
