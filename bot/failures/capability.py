"""The capability of failures: tasks that failed the same way are one group, reported once and kept up to date."""

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.capability import Capability, Context, Form, Timer, Upkeep, apply_due
from bot.failures import restore, silence_store
from bot.failures.alert_render import FailureRenderer
from bot.failures.alert_store import open_first_groups
from bot.failures.commands import FailureCommands
from bot.failures.events import FailureEvents
from bot.failures.grouper import FailureGrouper
from bot.failures.keys import (
    AcknowledgeAction,
    AskErrorsAction,
    FailureKey,
    FailuresKey,
    FailuresOpenedKey,
    FailuresResolvedKey,
    FailuresTopic,
    LiftSilenceAction,
    ShowTasksAction,
    SilenceAction,
    SilenceForm,
    StopNotifyingAction,
)
from bot.failures.listener_store import merge_listeners
from bot.failures.person import erase_failures, exported_failures
from bot.failures.rules import FailurePolicy
from bot.failures.silence_commands import SilenceCommands
from bot.outbox.catching_up import once_caught_up
from bot.outbox.events import EventMembers
from bot.outbox.pruning import RetainedKeys

if TYPE_CHECKING:
    from datetime import datetime


def failure_commands(context: Context) -> FailureCommands:
    """Return what people type and press about failures; App Home has buttons for some of it."""
    policy = FailurePolicy.from_settings(context.settings)
    return FailureCommands(
        context.database,
        context.people,
        context.templates,
        policy,
        context.clock,
        silence_commands(context),
        context.last_questions,
    )


def silence_commands(context: Context) -> SilenceCommands:
    """Return what operators press about silences; App Home has buttons for some of it."""
    policy = FailurePolicy.from_settings(context.settings)
    return SilenceCommands(
        context.database, context.workspace, context.templates, policy, context.clock, context.people.names
    )


def failures(context: Context) -> Capability:
    """Return the capability."""
    policy, grouper = FailurePolicy.from_settings(context.settings), FailureGrouper(context.settings.failure_statuses)
    commands, silences = failure_commands(context), silence_commands(context)
    renderer = FailureRenderer(context.database, context.templates, policy, context.clock, context.people.names)
    events = FailureEvents(policy, EventMembers.from_settings(context.settings))
    return Capability(
        "failures",
        keys=(
            FailureKey, FailuresKey, FailuresTopic, FailuresOpenedKey, FailuresResolvedKey,
            AskErrorsAction, ShowTasksAction, StopNotifyingAction, AcknowledgeAction, SilenceAction,
            LiftSilenceAction, SilenceForm,
        ),
        commands={"errors": commands.errors, "notify": commands.notify},
        says_how_understood={"errors"},
        actions={
            AskErrorsAction.kind: commands.answer_button,
            ShowTasksAction.kind: commands.show_tasks,
            StopNotifyingAction.kind: commands.stop_notifying,
            AcknowledgeAction.kind: commands.acknowledge,
            SilenceAction.kind: silences.open_form,
            LiftSilenceAction.kind: commands.end_silence,
        },
        forms={SilenceForm.kind: Form(silences.submit_form, silences.problems)},
        event_renderers=once_caught_up(
            context.database, dict.fromkeys((FailureKey.kind, FailuresKey.kind), renderer.render_event)
        ),
        topic_renderers=once_caught_up(context.database, {FailuresTopic.kind: renderer.render_current}),
        event_builders={FailuresOpenedKey.kind: events.opened, FailuresResolvedKey.kind: events.resolved},
        observers=[grouper.observe],
        timers=[Timer("failures", 1, partial(apply_due, context, grouper))],
        upkeep=Upkeep(
            prepare=grouper.backfill,
            merge_members=_merge_members,
            adopt=restore.adopt,
            retained=_retained,
            prune={"silences": silence_store.prune},
            erase_person=lambda connection, person, _now: erase_failures(connection, person),
            export_person=exported_failures,
        ),
    )  # fmt: skip


def _merge_members(connection: Connection, old: int, new: int, _now: "datetime") -> None:
    merge_listeners(connection, old, new)
    silence_store.merge_silences(connection, old, new)


def _retained(connection: Connection) -> RetainedKeys:
    return RetainedKeys(topics=[FailuresTopic(each) for each in open_first_groups(connection)])
