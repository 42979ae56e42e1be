"""The capability of failures: tasks that failed the same way are one group, told about once and kept up to date."""

from functools import partial

from bot.capability import Capability, Context, Form, Timer, Upkeep, apply_due
from bot.failures import forms, restore, store
from bot.failures.answer_render import LIFT
from bot.failures.commands import FailureCommands
from bot.failures.grouper import FailureGrouper
from bot.failures.keys import FailureKey, FailuresKey, FailuresTopic
from bot.failures.render import ACKNOWLEDGE, OFF, SILENCE, TASKS, FailurePolicy, FailureRenderer
from bot.outbox.pruning import RetainedKeys


def failure_commands(context: Context) -> FailureCommands:
    """Return what people type and press; App Home has buttons for some of it."""
    return FailureCommands(
        context.database,
        context.people,
        context.workspace,
        context.templates,
        FailurePolicy.from_settings(context.settings),
        context.clock,
    )


def failures(context: Context) -> Capability:
    """Return the capability."""
    policy, grouper = FailurePolicy.from_settings(context.settings), FailureGrouper(context.settings.failure_statuses)
    commands = failure_commands(context)
    renderer = FailureRenderer(context.database, context.templates, policy, context.clock)
    return Capability(
        "failures",
        keys=(FailureKey, FailuresKey, FailuresTopic),
        commands={"errors": commands.errors, "notify": commands.notify},
        actions={
            TASKS: commands.show_tasks,
            OFF: commands.stop_notifying,
            SILENCE: commands.open_silence_form,
            ACKNOWLEDGE: commands.acknowledge,
            LIFT: commands.lift_silence,
        },
        forms={forms.FORM: Form(commands.submit_silence, commands.check)},
        events=dict.fromkeys((FailureKey.kind, FailuresKey.kind), renderer.say),
        topics={FailuresTopic.kind: renderer.show},
        observers=[grouper.observe],
        timers=[Timer("failures", 1, partial(apply_due, context, grouper))],
        upkeep=Upkeep(
            prepare=grouper.record,
            merge_members=lambda connection, old, new, _now: grouper.join(connection, old, new),
            adopt=restore.adopt,
            retained=lambda reader: RetainedKeys(topics=[FailuresTopic(first) for first in store.shown(reader)]),
            prune={"silences": store.prune},
        ),
    )
