"""The capability of budgets: limits on spend, their alerts, requests for more, and why alerts came or did not."""

from functools import partial

from bot.budgets import forms, restore, store
from bot.budgets.commands import BudgetCommands
from bot.budgets.evaluator import BudgetEvaluator, BudgetPolicy
from bot.budgets.explain_command import ExplainCommand
from bot.budgets.keys import (
    BudgetTopic,
    CrossingKey,
    DecidedKey,
    LimitKey,
    RequestKey,
    RequestTopic,
    SummaryKey,
)
from bot.budgets.render import ACKNOWLEDGE, RAISE, SNOOZE, BudgetRenderer
from bot.budgets.request_render import APPROVE, DECLINE, BudgetRequestRenderer
from bot.capability import Capability, Context, Form, Timer, Upkeep, apply_due
from bot.outbox.pruning import RetainedKeys


def budget_commands(context: Context) -> BudgetCommands:
    """Return what people type and press; App Home opens the same forms."""
    return BudgetCommands(
        context.database,
        context.people,
        context.workspace,
        context.templates,
        BudgetEvaluator(BudgetPolicy.from_settings(context.settings)),
        context.clock,
    )


def budgets(context: Context) -> Capability:
    """Return the capability."""
    policy = BudgetPolicy.from_settings(context.settings)
    evaluator, commands = BudgetEvaluator(policy), budget_commands(context)
    explain = ExplainCommand(context.database, context.people, policy, context.clock)
    titles = context.settings.show_titles
    renderer = BudgetRenderer(context.database, context.destinations, context.templates, policy, titles, context.clock)
    requests = BudgetRequestRenderer(context.database, context.templates, policy, context.clock)
    return Capability(
        "budgets",
        keys=(CrossingKey, LimitKey, SummaryKey, RequestKey, DecidedKey, BudgetTopic, RequestTopic),
        commands={
            "budget": commands.budget,
            "threshold": commands.budget,
            "budgets": commands.budgets,
            "snooze": commands.snooze,
            "explain": explain.explain,
        },
        actions={
            ACKNOWLEDGE: commands.acknowledge,
            SNOOZE: commands.press_snooze,
            RAISE: commands.open_raise_form,
            APPROVE: commands.approve,
            DECLINE: commands.decline,
        },
        forms=dict.fromkeys((forms.SET, forms.REQUEST), Form(commands.submit, commands.check)),
        events={
            **dict.fromkeys((CrossingKey.kind, LimitKey.kind, SummaryKey.kind), renderer.say),
            DecidedKey.kind: requests.say,
            RequestKey.kind: requests.render_event,
        },
        topics={BudgetTopic.kind: renderer.show, RequestTopic.kind: requests.show},
        observers=[evaluator.observe],
        timers=[Timer("budgets", 1, partial(apply_due, context, evaluator))],
        upkeep=Upkeep(
            merge_members=evaluator.join,
            record_repricing=evaluator.forget,
            adopt=lambda connection, former, _now: restore.adopt(connection, former),
            retained=lambda reader: RetainedKeys(topics=store.open_topics(reader)),
        ),
    )
