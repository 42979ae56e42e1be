"""What people do in Slack, and what the app then receives."""

from dataclasses import replace
from typing import Any

from bot.sandbox.slack import elements, payloads, views
from bot.sandbox.slack.api_calls import Call, RefusedError
from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.delivery import Ack, Delivery, Payload
from bot.sandbox.slack.escaping import escape_command, escape_message
from bot.sandbox.slack.modals import apply_ack, input_errors
from bot.sandbox.slack.models import SLACKBOT, Channel, Json, Message, User, View
from bot.sandbox.slack.response_urls import apply_response
from bot.sandbox.slack.sockets import Sockets
from bot.sandbox.slack.wire import view_json

UNREACHABLE = Ack(ok=False, error="slack_is_down")


class UserActions:
    """The actions of people. People and channels are given by id, handle or name.

    Each raises KeyError if one is unknown, and ValueError if the person cannot do this.
    Each returns when the app has acknowledged it, or when it is too late for that.
    """

    def __init__(self, context: SlackContext) -> None:
        self.context, self.workspace = context, context.workspace
        self.sockets = Sockets(context)
        self.delivery = Delivery(context, self.sockets)
        self._down = False

    @property
    def down(self) -> bool:
        """Whether Slack is unreachable. Setting it to True breaks all sockets."""
        return self._down

    @down.setter
    def down(self, down: bool) -> None:
        self._down = down
        if down:
            self.sockets.drop()
        self.workspace.touch()

    async def command(self, user: str, channel: str, text: str = "", command: str = "/neo-usage") -> Ack:
        """Run a slash command. The message in the ack is posted; without an ack, an error is."""
        person, place = self._person_in(user, channel)
        if self.down:
            return UNREACHABLE
        if command not in self.workspace.commands or "commands" not in self.workspace.scopes:
            self._post_as_slack(person, place, f"`{command}` is not a valid command.")
            return Ack(ok=False, error="invalid_command")
        escaped = escape_command(text, self.workspace)
        body = payloads.slash_command(self.context, person, place, command, escaped)
        return await self._deliver_command(Payload("slash_commands", body))

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: object = None,
        block_id: str | None = None,
    ) -> Ack:
        """Press an element of a message, or choose in it; `value` is the choice, a button has its own value."""
        person, place = self._person_in(user, channel)
        message = self.workspace.message(place.id, ts)
        if message is None or message.ephemeral_to not in {None, person.id}:
            raise ValueError(f"{person.handle} sees no message {ts} in {place.name}")
        block, element = elements.find_element(message.blocks, action_id, block_id)
        if self.down:
            return UNREACHABLE
        action = self._choose(message, block, element, value)
        return await self._interact(payloads.message_action(self.context, person, place, message, action))

    async def click_in_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        *,
        value: object = None,
        block_id: str | None = None,
    ) -> Ack:
        """Press an element of a modal or home tab, or choose in it."""
        person, view = self._person_and_view(user, view_id)
        block, element = elements.find_element(view.body["blocks"], action_id, block_id)
        if self.down:
            return UNREACHABLE
        action = self._choose(view, block, element, value)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Ack(ok=True)  # sent when the modal is submitted
        return await self._interact(payloads.view_action(self.context, person, view, action))

    async def submit(self, user: str, view_id: str, values: dict[str, dict[str, Any]] | None = None) -> Ack:
        """Submit a modal with `{block_id: {action_id: choice}}`; inputs that are not named keep their state.

        `ack.errors` has the error of each input: Slack's own (then `ack.error` is "incomplete" and nothing was sent)
        or the app's.
        """
        person, view = self._person_and_view(user, view_id)
        self._fill(view, values or {})
        if errors := input_errors(view):
            return Ack(ok=False, body={"response_action": "errors", "errors": errors}, error="incomplete")
        if self.down:
            return UNREACHABLE
        ack = await self._interact(payloads.view_submission(self.context, person, view))
        return apply_ack(self.context, view, ack)

    async def close_view(self, user: str, view_id: str, *, cleared: bool = False) -> Ack:
        """Close a modal, or with `cleared` all of them; the app is notified if the view asks for it."""
        person, view = self._person_and_view(user, view_id)
        payload = payloads.view_closed(self.context, person, view, cleared=cleared)
        if cleared or view.body.get("clear_on_close"):
            views.clear_views(self.context, person.id)
        else:
            views.close_view(self.context, view)
        if self.down or not view.body.get("notify_on_close"):
            return Ack(ok=True)
        return await self._interact(payload)

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Ack:
        """Post a message; the app receives it in its direct messages, and in its channels if it is mentioned."""
        person, place = self._person_in(user, channel)
        if self.down:
            return UNREACHABLE
        escaped = escape_message(text, self.workspace)
        message = Message(self.context.new_ts(), person.id, escaped, thread_ts=thread_ts)
        self.workspace.post(place.id, message)
        if (event := self._message_event(place, message)) is None:
            return Ack(ok=True)
        return await self._send_event(event, shared=place.is_ext_shared)

    async def open_home(self, user: str) -> Ack:
        """Open the app's home tab."""
        person = self._person(user)
        if self.down:
            return UNREACHABLE
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self.workspace.im_of(person.id).id,
            "tab": "home",
            "event_ts": self.context.new_ts(),
        }
        if home := self.workspace.home_of(person.id):
            event["view"] = view_json(home, self.workspace)
        if "app_home_opened" not in self.workspace.events:
            return Ack(ok=True)
        return await self._send_event(event)

    async def redeliver(self, ack: Ack) -> Ack:
        """Send the same payload once more, as after a lost ack; an event is marked as a retry."""
        if ack.payload is None:
            raise ValueError("nothing was told to the app")
        if ack.payload.kind == "slash_commands":
            return await self._deliver_command(ack.payload)
        return await self.delivery.deliver(ack.payload, again=ack.tries)

    def _person(self, user: str) -> User:
        person = self.workspace.user(user)
        if person.deleted or person.is_bot or person.id == SLACKBOT:
            raise ValueError(f"{person.handle} does nothing")
        return person

    def _person_in(self, user: str, channel: str) -> tuple[User, Channel]:
        person, place = self._person(user), self.workspace.channel(channel)
        if person.id not in place.members:
            raise ValueError(f"{person.handle} is not in {place.name}")
        if place.is_archived:
            raise ValueError(f"{place.name} is archived")
        return person, place

    def _person_and_view(self, user: str, view_id: str) -> tuple[User, View]:
        person = self._person(user)
        view = self.workspace.views.get(view_id)
        on_top = self.workspace.view_on_top(person.id)
        if view is None or view.user != person.id or (view.kind == "modal" and view is not on_top):
            raise ValueError(f"{person.handle} does not look at view {view_id}")
        return person, view

    def _choose(self, surface: Message | View, block: Json, element: Json, value: object) -> Json:
        """Store the choice in its message or view, and return the action for the payload."""
        state = elements.element_state(element, value)
        if element["type"] not in elements.STATELESS:
            surface.chosen.setdefault(block["block_id"], {})[element["action_id"]] = state
            self.workspace.touch()
        action = {"action_id": element["action_id"], "block_id": block["block_id"], **state}
        action |= {name: element[name] for name in ("text", "value", "style", "url") if name in element}
        return action | {"action_ts": self.context.new_ts()}

    def _fill(self, view: View, values: dict[str, dict[str, Any]]) -> None:
        for block_id, chosen in values.items():
            for action_id, value in chosen.items():
                _, element = elements.find_element(view.body["blocks"], action_id, block_id)
                view.chosen.setdefault(block_id, {})[action_id] = elements.element_state(element, value)

    def _message_event(self, place: Channel, message: Message) -> Json | None:
        """Return the event of a new message; None if the app does not receive it."""
        bot = self.workspace.bot_user
        event: Json = {
            "user": message.user,
            "ts": message.ts,
            "text": message.text,
            "team": self.workspace.team_id,
            "channel": place.id,
            "event_ts": message.ts,
        }
        if message.thread_ts:
            event |= {"thread_ts": message.thread_ts}
        if bot not in place.members:
            return None
        if place.kind == "im" and "message.im" in self.workspace.events:
            return {"type": "message", **event, "channel_type": "im"}
        if place.kind != "im" and f"<@{bot}>" in message.text and "app_mention" in self.workspace.events:
            return {"type": "app_mention", **event}
        return None

    async def _send_event(self, event: Json, *, shared: bool = False) -> Ack:
        return await self.delivery.deliver(Payload("events_api", payloads.event(self.context, event, shared=shared)))

    async def _interact(self, body: Json) -> Ack:
        return await self.delivery.deliver(Payload("interactive", body))

    async def _deliver_command(self, payload: Payload) -> Ack:
        ack = await self.delivery.deliver(payload)
        person = self.workspace.users[payload.body["user_id"]]
        place = self.workspace.channels[payload.body["channel_id"]]
        if ack.body:
            ack = self._post_ack(payload, ack.body, ack)
        if ack.error:
            text = f'{payload.body["command"]} failed with the error "{ack.error}"'
            self._post_as_slack(person, place, text)
        return ack

    def _post_ack(self, payload: Payload, body: Json, ack: Ack) -> Ack:
        """Post the message in the ack of a command; the result is an error if Slack rejects it."""
        token = payload.body["response_url"].rpartition("/")[2]
        response_url = self.context.tokens.response_urls[token]
        try:
            apply_response(self.context, response_url, Call(0, "ack", body, "none", self.context.tokens.url))
        except RefusedError as refused:
            return replace(ack, ok=False, error=refused.error)
        return ack

    def _post_as_slack(self, person: User, place: Channel, text: str) -> None:
        """Post a message of Slack itself that only this person sees."""
        self.workspace.post(place.id, Message(self.context.new_ts(), SLACKBOT, text, ephemeral_to=person.id))
