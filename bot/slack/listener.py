"""The listener: acknowledges every request of Slack's at once, then has it served once, in a task of its own."""

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

from bot.domain.slack_ids import format_mention
from bot.slack.deduplication import RequestDeduplicator
from bot.slack.forms import FormMetadata
from bot.slack.origin import is_response_url
from bot.slack.payloads import (
    LONGEST_TEXT,
    LONGEST_VALUE,
    Body,
    MalformedError,
    form_fields,
    identifier,
    object_field,
    object_list,
    text_field,
    unescape,
)
from bot.slack.requests import PressedMessage, Request, RequestKind, Responder
from bot.slack.responders import DirectResponder, HomeResponder, MessageResponder, ResponseUrlResponder
from bot.slack.transport import web_client
from bot.slack.workspace import Workspace

log = structlog.get_logger(__name__)

COMMAND = "/neo-usage"
_ANY_ID = re.compile(r"(?s).*")
_UNREADABLE = "This could not be read. Fill it in again."
_BAD_REQUEST, _NOT_FOUND = 400, 404

Serve = Callable[[Request], Awaitable[None]]
Validate = Callable[[str, Mapping[str, str]], Mapping[str, str]]
"""Returns what is wrong with the fields of the form of that id, by field; empty if nothing is."""
BoltContext = Mapping[str, Any]
Acknowledge = Callable[..., Awaitable[Any]]


class Listener:
    """Bolt's app with one listener for each kind of request.

    It needs the identity of `workspace`, so Slack must have answered before a request is dispatched. `dispatch` is for
    payloads whose origin is proven. Who gives a request over HTTP to `bolt` instead has it verified by Bolt: with the
    app's signing secret, or with a secret that nobody knows if there is none.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        serve: Serve,
        validate: Validate,
        signing_secret: str | None,
        deduplicator: RequestDeduplicator,
    ) -> None:
        self._workspace, self._serve, self._validate = workspace, serve, validate
        self._deduplicator = deduplicator
        self._tasks: set[asyncio.Task[None]] = set()
        self.bolt = AsyncApp(
            name="slack_bolt",
            client=web_client(None, workspace.clients.address),  # for Bolt alone; the workspace has clients of its own
            authorize=_authorization(workspace),
            signing_secret=signing_secret or token_hex(32),
            # otherwise Bolt looks for the acknowledgement every 10 ms; here it is sent before any work begins
            process_before_response=True,
            request_verification_enabled=True,
            raise_error_for_unhandled_request=True,
        )
        self.bolt.error(self._on_error)
        self.bolt.command(COMMAND)(self._on_command)
        self.bolt.action(_ANY_ID)(self._on_action)
        self.bolt.view(_ANY_ID)(self._on_form)
        self.bolt.event("app_mention")(self._on_message)
        self.bolt.event("message")(self._on_message)
        self.bolt.event("app_home_opened")(self._on_home)

    async def dispatch(self, body: dict[str, Any], proof: str = "") -> BoltResponse:
        """Acknowledge a payload and begin to serve it; a malformed one is logged in one line.

        Args:
            body: what Slack sent, whose origin is proven.
            proof: what distinguishes it from every other request, in addition to its content.
        """
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=body, context={"proof": proof})
            return await self.bolt.async_dispatch(request)
        except Exception as error:  # noqa: BLE001 - Bolt reads payloads in many places, and trusts their shape in each
            return await self._on_error(error)

    async def _on_error(self, error: Exception) -> BoltResponse:
        """Log in one line why a request is not served, and nothing of its content."""
        if isinstance(error, BoltUnhandledRequestError):
            log.info("nothing to do for a request of this kind")
            return BoltResponse(status=_NOT_FOUND)
        if isinstance(error, MalformedError):
            log.warning("a request of Slack's is malformed", why=str(error))
        else:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
            log.error("a request of Slack's cannot be read", why=type(error).__name__, where=where)
        return BoltResponse(status=_BAD_REQUEST)

    # --- one method for each kind of request: read everything, acknowledge, accept -----------------

    async def _on_command(self, ack: Acknowledge, body: Body, context: BoltContext) -> None:
        user, channel = identifier(body, "user_id"), identifier(body, "channel_id")
        trigger, responder = text_field(body, "trigger_id"), self._response_url_responder(body, user)
        typed = unescape(text_field(body, "text", LONGEST_TEXT))
        await ack()
        request = Request(RequestKind.COMMAND, user, channel, typed, responder, trigger=trigger)
        self._accept(trigger, context, request)

    async def _on_action(self, ack: Acknowledge, body: Body, context: BoltContext) -> None:
        user = identifier(object_field(body, "user"), "id")
        channel = text_field(object_field(body, "channel"), "id")
        action, trigger = _first_action(body), text_field(body, "trigger_id")
        id_, value = text_field(action, "action_id"), _value(action)
        responder, pressed = self._action_responder(body, user), _pressed(body, channel)
        await ack()
        if responder is not None:
            request = Request(RequestKind.BUTTON, user, channel, value, responder, id_, trigger, pressed=pressed)
            self._accept(trigger, context, request)

    async def _on_home(self, ack: Acknowledge, event: Body, context: BoltContext) -> None:
        user, at, tab = identifier(event, "user"), text_field(event, "event_ts"), text_field(event, "tab")
        await ack()
        if tab == "home":
            request = Request(RequestKind.HOME, user, "", "", HomeResponder(self._workspace, user))
            self._accept(f"{user}:{at}" if at else "", context, request)

    async def _on_form(self, ack: Acknowledge, body: Body, context: BoltContext) -> None:
        user, view = identifier(object_field(body, "user"), "id"), object_field(body, "view")
        form, read = text_field(view, "callback_id"), dict(form_fields(view))
        trigger = text_field(body, "trigger_id")
        metadata = FormMetadata.decode(text_field(view, "private_metadata", LONGEST_VALUE))
        key = trigger or identifier(view, "id")
        fields = {name: entered for name, entered in read.items() if entered is not None}
        unreadable = dict.fromkeys(read.keys() - fields.keys(), _UNREADABLE)
        if errors := unreadable or self._validate(form, fields):
            await ack(response_action="errors", errors=dict(errors))
            return
        await ack()
        responder = MessageResponder(self._workspace, user, metadata.channel, None)
        place, kept = metadata.channel, metadata.text
        request = Request(RequestKind.FORM, user, place, kept, responder, form, trigger, fields=fields)
        self._accept(key, context, request)

    async def _on_message(self, ack: Acknowledge, event: Body, context: BoltContext) -> None:
        typed = text_field(event, "text", LONGEST_TEXT)
        if event.get("subtype") or event.get("bot_id") or not event.get("user") or not typed:
            await ack()
            return
        user, channel, at = identifier(event, "user"), identifier(event, "channel"), text_field(event, "ts")
        responder = MessageResponder(self._workspace, user, channel, text_field(event, "thread_ts") or None)
        is_direct = text_field(event, "channel_type") == "im" or channel.startswith("D")
        await ack()
        if event.get("type") == "message" and not is_direct:
            return  # not addressed to the bot: a mention comes as an event of its own
        text = unescape(typed.replace(format_mention(self._workspace.identity.user), " ")).strip()
        kind = RequestKind.DIRECT if is_direct else RequestKind.MENTION
        # one message can come as two events with ids of their own, but is at one place
        self._accept(f"{channel}:{at}" if at else "", context, Request(kind, user, channel, text, responder))

    def _response_url_responder(self, body: Body, user: str) -> ResponseUrlResponder:
        """Return the responder for the request's address; raises MalformedError if the address is not Slack's."""
        url = text_field(body, "response_url")
        if not is_response_url(url, self._workspace.clients.address):
            raise MalformedError("`response_url` is not Slack's")
        return ResponseUrlResponder(self._workspace, url, user)

    def _action_responder(self, body: Body, user: str) -> Responder | None:
        """Return the responder for a button; None for one in a form, which is answered once it is submitted."""
        if text_field(body, "response_url"):
            return self._response_url_responder(body, user)
        view = object_field(body, "view").get("type")
        if view == "home":
            return DirectResponder(self._workspace, user)
        if view != "modal":
            log.info("a button was pressed where nothing can be answered")
        return None

    # --- accepted requests ---------------------------------------------------------------------------

    def _accept(self, key: str, context: BoltContext, request: Request) -> None:
        """Serve a request in a task of its own, unless its key was seen before."""
        proof = str(context.get("proof") or "")
        if not key or self._deduplicator.add(key):
            self._run(self._serve_first(request, key, proof))

    async def _serve_first(self, request: Request, *keys: str) -> None:
        if await self._deduplicator.claim(*keys, is_urgent=bool(request.trigger)):
            await self._serve(request)

    def _run(self, work: Awaitable[None]) -> None:
        """Run some work in a task that `wait_idle` and `drain` wait for."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait_idle(self) -> None:
        """Wait until no task is running."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def drain(self, seconds: float) -> None:
        """Wait that long for the running tasks, then cancel the rest and give them a second to answer."""
        for timeout in (seconds, 1.0):
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=timeout)
            for task in self._tasks:
                task.cancel()
        await self._deduplicator.close()


def _first_action(body: Body) -> Body:
    actions = object_list(body, "actions")
    if not actions:
        raise MalformedError("`actions` is empty")
    return actions[0]


def _pressed(body: Body, channel: str) -> PressedMessage | None:
    message = object_field(body, "message")
    ts = text_field(message, "ts")
    return PressedMessage(channel, ts, message) if ts else None


def _value(action: Body) -> str:
    """Return the value of a button, or of the option selected in a menu."""
    return text_field(action, "value") or text_field(object_field(action, "selected_option"), "value")


def _authorization(workspace: Workspace) -> Callable[..., Awaitable[AuthorizeResult]]:
    """Return what tells Bolt the bot's identity, without a call to Slack for each request."""

    async def authorize(team_id: str | None = None) -> AuthorizeResult:  # Bolt passes the arguments by these names
        del team_id
        account = workspace.identity
        return AuthorizeResult(
            enterprise_id=account.enterprise,
            team_id=account.team,
            bot_user_id=account.user,
            bot_id=account.bot,
            bot_token=workspace.clients.posting.token,
        )

    return authorize
