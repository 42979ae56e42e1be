"""A capability: what one package contributes to the app, as data; and the context that it is built from."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import partial
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

from bot.domain.access import Caller
from bot.outbox.renderers import Renderer
from bot.slack.last_lines import LastLines
from bot.slack.requests import Request

if TYPE_CHECKING:
    from bot.database.engine import Database
    from bot.database.personal_rows import Document
    from bot.domain.keys import ActionKey, Key
    from bot.domain.person import Person
    from bot.ledger.booking_policy import Observer
    from bot.ledger.former_ledger import FormerLedger
    from bot.outbox.events import EventBuilder
    from bot.outbox.key_mapping import KeyMapping
    from bot.outbox.pruning import RetainedKeys
    from bot.people.destination_resolver import DestinationResolver
    from bot.people.people import People
    from bot.settings.model import Settings
    from bot.slack.connection import ConnectionState
    from bot.slack.templates import Templates
    from bot.slack.workspace import Workspace
    from bot.sync.runner import Connect
    from bot.sync.scheduler import SyncScheduler

Clock = Callable[[], datetime]
"""Returns the present moment, aware."""

Handler = Callable[[Request, Caller], Awaitable[None]]
"""Answers what somebody typed, pressed or submitted; raises RefusedError and its like where it is not done."""

QuestionHandler = Callable[[Request, Caller, Collection[str]], Awaitable[None]]
"""Answers what is no command; the strings are the names of all commands, to recognize a typo of one."""


class TimedWork(Protocol):
    """Work that becomes due as time passes. It is looked for often, and a transaction begins only if there is some."""

    def due(self, reader: Connection, now: datetime) -> bool:
        """Return whether `apply_due` would change anything now."""

    def apply_due(self, connection: Connection, now: datetime) -> None:
        """Do what is due, in the caller's transaction."""


Validation = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Returns what is wrong with the fields of a form, by field; empty if nothing is."""


@dataclass(frozen=True, slots=True)
class Context:
    """What capabilities are built from.

    `scheduler` syncs with Neo, `connect_neo` opens a client of it for other questions, `destinations` finds channels.
    """

    settings: "Settings"
    clock: Clock
    database: "Database"
    people: "People"
    destinations: "DestinationResolver"
    workspace: "Workspace"
    templates: "Templates"
    scheduler: "SyncScheduler"
    connect_neo: "Connect"
    connection: "ConnectionState"
    last_questions: LastLines = field(default_factory=LastLines)


@dataclass(frozen=True, slots=True)
class Form:
    """A form: `validate` checks its fields, `submit` handles it once they are valid."""

    submit: Handler
    validate: Validation


class After(StrEnum):
    """What a timer runs after, besides its own interval."""

    SYNC = "sync"
    CONNECTION_CHANGE = "connection change"


class Stage(IntEnum):
    """How far the service has started."""

    STARTED = 0  # the ledger is open
    CONNECTED = 1  # Slack has answered who the bot is
    READY = 2  # people's names are known, and templates compiled


@dataclass(frozen=True, slots=True)
class Timer:
    """A job that the service runs every `seconds` (None: only `after` something), from a `stage` on.

    Those of one interval run one after the other, in the order of the capabilities. `max_wait` is for work that may
    have to wait for Slack: how many seconds the others wait for it. Then it goes on in the background, and is not
    started again until it is done.

    Of several services on one database one runs it, and what that writes is undone once another one has taken over,
    unless it runs `everywhere`: what looks after its own process, or claims what it does. `begin` is called when a
    service begins to run the jobs after another one, so that it does not go by what it knew before.
    """

    id: str
    seconds: int | None
    run: Callable[[], Awaitable[None]]
    after: frozenset[After] = frozenset()
    stage: Stage = Stage.STARTED
    max_wait: float | None = None
    everywhere: bool = False
    begin: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A capability's part in operations on the whole ledger; all but `retained` run in the operation's transaction."""

    prepare: Callable[[Connection], None] | None = None
    """Updates what it has stored to the settings, when a ledger is opened for booking."""
    merge_members: Callable[[Connection, int, int, datetime], None] | None = None
    """Joins what it has stored of one member, by the first key, with what it has of another, by the second."""
    erase_person: "Callable[[Connection, Person, datetime], None] | None" = None
    """Deletes what it has stored of a person, and their names, addresses and Slack ids in what stays."""
    export_person: "Callable[[Connection, Person], Mapping[str, Sequence[Document]]] | None" = None
    """Returns what it has stored of a person, by what it is."""
    record_repricing: Callable[[Connection, datetime], None] | None = None
    """Records what changed prices bring about, without notifying anybody."""
    adopt: "Callable[[Connection, FormerLedger, datetime], KeyMapping] | None" = None
    """Takes over what the former ledger had stored, after a restore; returns how its keys read here."""
    retained: "Callable[[Connection], RetainedKeys] | None" = None
    """Returns the keys and topics of messages that pruning keeps however old they are."""
    prune: Mapping[str, Callable[[Connection, datetime], int]] = field(default_factory=dict)
    """By the name of what is deleted: deletes what is no longer needed, and returns how many rows."""


@dataclass(frozen=True, slots=True)
class Capability:
    """What a package contributes. Ids are unique among all capabilities.

    `keys` lists its types of notifications and topics, each of which has a renderer (or is an event, and has a
    builder), and those of its buttons and forms, each of which has a handler.
    """

    name: str
    keys: "Collection[type[Key | ActionKey]]" = ()
    commands: Mapping[str, Handler] = field(default_factory=dict)
    """By the first word that is typed."""
    says_how_understood: Collection[str] = ()
    """Commands whose answers say by themselves how everyday words were understood, or need not say it."""
    actions: Mapping[str, Handler] = field(default_factory=dict)
    """By what the action id begins with, before a colon."""
    forms: Mapping[str, Form] = field(default_factory=dict)
    """By the callback id."""
    event_renderers: Mapping[str, Renderer] = field(default_factory=dict)
    """Renderers of notifications, by the kind of their key."""
    topic_renderers: Mapping[str, Renderer] = field(default_factory=dict)
    """Renderers of live messages as they stand, by the kind of their topic."""
    event_builders: "Mapping[str, EventBuilder]" = field(default_factory=dict)
    """Builders of the webhook's events, by the kind of their key."""
    observers: "Sequence[Observer]" = ()
    timers: Sequence[Timer] = ()
    upkeep: Upkeep = field(default_factory=Upkeep)
    question: QuestionHandler | None = None
    """Answers whatever is no command; of one capability alone."""
    home: Callable[[Request], Awaitable[None]] | None = None
    """Shows App Home to whoever opens it; of one capability alone."""


async def apply_due(context: Context, work: TimedWork) -> None:
    """Do what is due now; nothing is written if nothing is. Raises the database's errors."""
    now = context.clock()
    if await context.database.read(partial(work.due, now=now)):
        await context.database.write(partial(work.apply_due, now=now))
