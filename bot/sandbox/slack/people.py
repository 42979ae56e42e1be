"""What people do in Slack, and what then reaches the app."""

from dataclasses import replace
from typing import Any

from bot.sandbox.slack import elements, payloads, views
from bot.sandbox.slack.calls import Call, RefusedError
from bot.sandbox.slack.delivery import Ack, Delivery, Payload
from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.hooks import answered
from bot.sandbox.slack.modals import sent_off, unfinished
from bot.sandbox.slack.sockets import Sockets
from bot.sandbox.slack.things import SLACKBOT, Channel, Json, Message, User, View
from bot.sandbox.slack.typed import of_command, of_message
from bot.sandbox.slack.wire import view_json

UNREACHABLE = Ack(ok=False, error="slack_is_down")


class People:
    """The acts. People and channels are given by id, handle or name.

    An unknown one raises KeyError, an act that is not theirs to do ValueError.
    Every act returns once the app acknowledged it or nobody will any more.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk, self.workspace = desk, desk.workspace
        self.sockets = Sockets(desk)
        self.delivery = Delivery(desk, self.sockets)
        self._down = False

    async def command(self, user: str, channel: str, text: str = "", command: str = "/neo-usage") -> Ack:
        """A slash command; what the ack says is shown, and so is that there was none."""
        person, place = self._here(user, channel)
        if self._down:
            return UNREACHABLE
        if command not in self.workspace.commands or "commands" not in self.workspace.scopes:
            self._tell(person, place, f"`{command}` is not a valid command.")
            return Ack(ok=False, error="invalid_command")
        typed = of_command(text, self.workspace)
        return await self._command(
            Payload("slash_commands", payloads.command(self.desk, person, place, command, typed))
        )

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: Any = None,  # noqa: ANN401 text, list or option
        block_id: str | None = None,
        selected_option: Json | str | None = None,
    ) -> Ack:
        """Press, or choose in, an element of a message; `value` is what is chosen, a button has its own."""
        person, place = self._here(user, channel)
        message = self.workspace.message(place.id, ts)
        if message is None or message.ephemeral_to not in {None, person.id}:
            raise ValueError(f"{person.handle} sees no message {ts} in {place.name}")
        block, element = elements.find(message.blocks, action_id, block_id)
        if self._down:
            return UNREACHABLE
        action = self._chosen(message, block, element, selected_option or value)
        return await self._interact(payloads.in_message(self.desk, person, place, message, action))

    async def click_in_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        *,
        value: Any = None,  # noqa: ANN401 text, list or option
        block_id: str | None = None,
        selected_option: Json | str | None = None,
    ) -> Ack:
        """Press, or choose in, an element of a modal or home tab."""
        person, view = self._looking(user, view_id)
        block, element = elements.find(view.body["blocks"], action_id, block_id)
        if self._down:
            return UNREACHABLE
        action = self._chosen(view, block, element, selected_option or value)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Ack(ok=True)  # kept until the modal is sent off
        return await self._interact(payloads.in_view(self.desk, person, view, action))

    async def submit(self, user: str, view_id: str, values: dict[str, dict[str, Any]] | None = None) -> Ack:
        """Send off a modal with `{block_id: {action_id: choice}}`; inputs that are not named keep what they had.

        `ack.errors` says what is wrong at which input: Slack's own objections (error "incomplete", nothing was
        sent) or the app's.
        """
        person, view = self._looking(user, view_id)
        self._fill(view, values or {})
        if objections := unfinished(view):
            return Ack(ok=False, body={"response_action": "errors", "errors": objections}, error="incomplete")
        if self._down:
            return UNREACHABLE
        ack = await self._interact(payloads.submission(self.desk, person, view))
        return sent_off(self.desk, view, ack)

    async def close_view(self, user: str, view_id: str, *, cleared: bool = False) -> Ack:
        """Close a modal, or with `cleared` all of them; the app hears of it when it asked to."""
        person, view = self._looking(user, view_id)
        payload = payloads.closing(self.desk, person, view, cleared=cleared)
        if cleared or view.body.get("clear_on_close"):
            views.clear(self.desk, person.id)
        else:
            views.close(self.desk, view)
        if self._down or not view.body.get("notify_on_close"):
            return Ack(ok=True)
        return await self._interact(payload)

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Ack:
        """Write a message; the app hears of it in its direct messages, and where it is mentioned and present."""
        person, place = self._here(user, channel)
        if self._down:
            return UNREACHABLE
        written = of_message(text, self.workspace)
        stamp = self.workspace.stamp(self.desk.clock())
        message = self.workspace.post(place.id, Message(stamp, person.id, written, thread_ts=thread_ts))
        if (event := self._heard(place, message)) is None:
            return Ack(ok=True)
        return await self._tell_app(event, shared=place.is_ext_shared)

    async def open_home(self, user: str) -> Ack:
        """Look at the app's home tab."""
        person = self._person(user)
        if self._down:
            return UNREACHABLE
        stamp = self.workspace.stamp(self.desk.clock())
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self.workspace.im_of(person.id).id,
            "tab": "home",
            "event_ts": stamp,
        }
        if home := self.workspace.home_of(person.id):
            event["view"] = view_json(home, self.workspace)
        if "app_home_opened" not in self.workspace.events:
            return Ack(ok=True)
        return await self._tell_app(event)

    async def redeliver(self, ack: Ack) -> Ack:
        """Tell the app the very same once more, as after an ack that got lost; events say that they are retried."""
        if ack.payload is None:
            raise ValueError("nothing was told to the app")
        if ack.payload.kind == "slash_commands":
            return await self._command(ack.payload)
        return await self.delivery.deliver(ack.payload, again=ack.tries)

    def _person(self, user: str) -> User:
        person = self.workspace.user(user)
        if person.deleted or person.is_bot or person.id == SLACKBOT:
            raise ValueError(f"{person.handle} does nothing")
        return person

    def _here(self, user: str, channel: str) -> tuple[User, Channel]:
        person, place = self._person(user), self.workspace.channel(channel)
        if person.id not in place.members:
            raise ValueError(f"{person.handle} is not in {place.name}")
        if place.is_archived:
            raise ValueError(f"{place.name} is archived")
        return person, place

    def _looking(self, user: str, view_id: str) -> tuple[User, View]:
        person = self._person(user)
        view = self.workspace.views.get(view_id)
        on_top = self.workspace.view_on_top(person.id)
        if view is None or view.user != person.id or (view.kind == "modal" and view is not on_top):
            raise ValueError(f"{person.handle} does not look at view {view_id}")
        return person, view

    def _chosen(self, where: Message | View, block: Json, element: Json, value: Any) -> Json:  # noqa: ANN401 as click
        """The action as the payload tells it; a choice is kept where it was made."""
        state = elements.chosen(element, value)
        if element["type"] not in elements.STATELESS:
            where.chosen.setdefault(block["block_id"], {})[element["action_id"]] = state
            self.workspace.touch()
        action = {"action_id": element["action_id"], "block_id": block["block_id"], **state}
        action |= {name: element[name] for name in ("text", "value", "style", "url") if name in element}
        return action | {"action_ts": self.workspace.stamp(self.desk.clock())}

    def _fill(self, view: View, values: dict[str, dict[str, Any]]) -> None:
        for block_id, chosen in values.items():
            for action_id, value in chosen.items():
                _, element = elements.find(view.body["blocks"], action_id, block_id)
                view.chosen.setdefault(block_id, {})[action_id] = elements.chosen(element, value)

    def _heard(self, place: Channel, message: Message) -> Json | None:
        """The event the app subscribed to, if this is one."""
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

    async def _tell_app(self, event: Json, *, shared: bool = False) -> Ack:
        return await self.delivery.deliver(Payload("events_api", payloads.event(self.desk, event, shared=shared)))

    async def _interact(self, body: Json) -> Ack:
        return await self.delivery.deliver(Payload("interactive", body))

    async def _command(self, payload: Payload) -> Ack:
        ack = await self.delivery.deliver(payload)
        person, place = (
            self.workspace.users[payload.body["user_id"]],
            self.workspace.channels[payload.body["channel_id"]],
        )
        if ack.body:
            ack = self._shown(payload, ack.body, ack)
        if ack.error:
            self._tell(person, place, f'{payload.body["command"]} failed with the error "{ack.error}"')
        return ack

    def _shown(self, payload: Payload, body: Json, ack: Ack) -> Ack:
        """Show what the ack of a command says."""
        hook = self.desk.hooks[payload.body["response_url"].rpartition("/")[2]]
        try:
            answered(self.desk, hook, Call(0, "ack", body, "none", self.desk.url))
        except RefusedError as refused:
            return replace(ack, ok=False, error=refused.error)
        return ack

    def _tell(self, person: User, place: Channel, text: str) -> None:
        """Slack's own line, to one person."""
        stamp = self.workspace.stamp(self.desk.clock())
        self.workspace.post(place.id, Message(stamp, SLACKBOT, text, ephemeral_to=person.id))
