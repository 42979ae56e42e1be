"""The capability of budgets: limits on spend, their alerts, requests for more, and why alerts came or did not."""

from dataclasses import dataclass
from functools import partial

from bot.budgets.acknowledgements.commands import AcknowledgeButton
from bot.budgets.alerts.context import AlertContext
from bot.budgets.alerts.crossing_event import CrossingEvent
from bot.budgets.alerts.live_message_render import LiveMessageRenderer
from bot.budgets.alerts.subject_names import SubjectNamer
from bot.budgets.alerts.thread_reply_render import ThreadReplyRenderer
from bot.budgets.authorization import BudgetAuthorization
from bot.budgets.backtest.commands import BacktestCommands
from bot.budgets.commands import BudgetCommands
from bot.budgets.evaluator import BudgetEvaluator
from bot.budgets.explain.commands import ExplainCommand
from bot.budgets.forecasts.evaluator import ForecastEvaluator
from bot.budgets.forecasts.forecast_event import ForecastEvent
from bot.budgets.forecasts.render import ForecastRenderer
from bot.budgets.keys import (
    AcknowledgeAction,
    ApproveAction,
    BudgetTopic,
    CrossingEventKey,
    CrossingKey,
    DecidedKey,
    DeclineAction,
    DeclineForm,
    ForecastEventKey,
    ForecastKey,
    ForecastTopic,
    FormAction,
    LimitForm,
    LimitKey,
    RaiseAction,
    RequestForm,
    RequestKey,
    RequestTopic,
    SnoozeAction,
    SummaryKey,
)
from bot.budgets.limits.commands import LimitCommands
from bot.budgets.limits.form_commands import FormCommands
from bot.budgets.limits.render import LimitRenderer
from bot.budgets.listing.commands import ListingCommand
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.policy import BudgetPolicy
from bot.budgets.requests import decline_form
from bot.budgets.requests.commands import RequestCommands
from bot.budgets.requests.render import BudgetRequestRenderer
from bot.budgets.requests.store import open_topics
from bot.budgets.snoozes.commands import SnoozeCommands
from bot.budgets.upkeep import restore
from bot.budgets.upkeep.person import erase_budgets, exported_budgets
from bot.capability import After, Capability, Context, Form, Timer, Upkeep, apply_due
from bot.outbox.catching_up import once_caught_up
from bot.outbox.events import EventMembers
from bot.outbox.pruning import RetainedKeys
from bot.outbox.renderers import Renderer


@dataclass(frozen=True, slots=True)
class _Commands:
    """The objects that carry out commands, buttons and forms."""

    budget: BudgetCommands
    backtests: BacktestCommands
    listing: ListingCommand
    forms: FormCommands
    requests: RequestCommands
    acknowledgement: AcknowledgeButton
    snoozes: SnoozeCommands
    explain: ExplainCommand


def _commands(context: Context, evaluator: BudgetEvaluator) -> _Commands:
    database, people, templates, clock = context.database, context.people, context.templates, context.clock
    policy, authorization = evaluator.policy, BudgetAuthorization(database, people)
    names = NamedSubjects(database, people)
    requests = RequestCommands(database, context.workspace, people, names, templates, evaluator, authorization, clock)
    limits = LimitCommands(database, people, templates, names, evaluator, requests, clock)
    forms = FormCommands(database, context.workspace, templates, policy, authorization, names, limits, clock)
    listing = ListingCommand(database, people, names, templates, policy, authorization, clock)
    backtests = BacktestCommands(database, people, names, templates, policy, authorization, clock)
    return _Commands(
        budget=BudgetCommands(policy, templates, names, limits, forms, listing, backtests, clock),
        backtests=backtests,
        listing=listing,
        forms=forms,
        requests=requests,
        acknowledgement=AcknowledgeButton(database, templates, policy, authorization, clock),
        snoozes=SnoozeCommands(database, names, templates, policy, authorization, clock),
        explain=ExplainCommand(database, people, names, policy, clock),
    )


def form_commands(context: Context) -> FormCommands:
    """Return what opens the form for limits, which App Home does too."""
    return _commands(context, BudgetEvaluator(BudgetPolicy.from_settings(context.settings))).forms


def request_commands(context: Context) -> RequestCommands:
    """Return what decides upon budget requests, which App Home does too."""
    return _commands(context, BudgetEvaluator(BudgetPolicy.from_settings(context.settings))).requests


def budgets(context: Context) -> Capability:
    """Return the capability."""
    evaluator = BudgetEvaluator(BudgetPolicy.from_settings(context.settings))
    commands = _commands(context, evaluator)
    form = Form(commands.forms.submit, commands.forms.check)
    alerts = _alert_context(context, evaluator.policy)
    requests = BudgetRequestRenderer(context.database, context.templates, evaluator.policy, context.clock)
    forecasts = ForecastRenderer(alerts, context.people.names)
    members = EventMembers.from_settings(context.settings)
    return Capability(
        "budgets",
        keys=(
            *(CrossingKey, CrossingEventKey, LimitKey, SummaryKey, RequestKey, DecidedKey, BudgetTopic, RequestTopic),
            *(ForecastKey, ForecastEventKey, ForecastTopic),
            *(AcknowledgeAction, SnoozeAction, RaiseAction, FormAction, ApproveAction, DeclineAction),
            *(LimitForm, RequestForm, DeclineForm),
        ),
        commands={
            "budget": commands.budget.budget,
            "threshold": commands.budget.budget,  # another word for it, which help does not list
            "budgets": commands.listing.budgets,
            "snooze": commands.snoozes.snooze,
            "explain": commands.explain.explain,
            "backtest": commands.backtests.backtest,
        },
        says_how_understood={"budget", "budgets"},
        actions={
            AcknowledgeAction.kind: commands.acknowledgement.acknowledge,
            SnoozeAction.kind: commands.snoozes.press_snooze,
            RaiseAction.kind: commands.forms.open_raise_form,
            FormAction.kind: commands.forms.open_form,
            ApproveAction.kind: commands.requests.approve,
            DeclineAction.kind: commands.requests.decline,
        },
        forms={
            LimitForm.kind: form,
            RequestForm.kind: form,
            DeclineForm.kind: Form(commands.requests.submit_decline, decline_form.field_errors),
        },
        event_renderers=once_caught_up(
            context.database, {**_event_renderers(alerts, requests), ForecastKey.kind: forecasts.render_event}
        ),
        topic_renderers=once_caught_up(
            context.database,
            {  # these render a notification that starts a thread too
                BudgetTopic.kind: LiveMessageRenderer(alerts).render_current,
                ForecastTopic.kind: forecasts.render_current,
                RequestTopic.kind: requests.render_current,
            },
        ),
        event_builders={
            CrossingEventKey.kind: CrossingEvent(evaluator.policy, members).build,
            ForecastEventKey.kind: ForecastEvent(evaluator.policy, members).build,
        },
        observers=[evaluator.record_booking],
        timers=[Timer("budgets", 1, partial(apply_due, context, evaluator.due_work)), *_forecast_timers(context)],
        upkeep=Upkeep(
            merge_members=evaluator.merge_members,
            record_repricing=evaluator.record_repricing,
            adopt=lambda connection, former, _now: restore.adopt(connection, former),
            retained=lambda connection: RetainedKeys(topics=open_topics(connection)),
            erase_person=erase_budgets,
            export_person=exported_budgets,
        ),
    )


def _forecast_timers(context: Context) -> list[Timer]:
    """Return the timer that looks for budgets that run out early; none without FORECAST_ALERTS."""
    if not context.settings.forecast_alerts:
        return []
    work = ForecastEvaluator(BudgetPolicy.from_settings(context.settings))
    return [Timer("forecasts", None, partial(apply_due, context, work), after=frozenset({After.SYNC}))]


def _alert_context(context: Context, policy: BudgetPolicy) -> AlertContext:
    namer, titles = SubjectNamer(context.destinations, policy), context.settings.show_titles
    return AlertContext(context.database, context.templates, policy, namer, titles, context.clock)


def _event_renderers(alerts: AlertContext, requests: BudgetRequestRenderer) -> dict[str, Renderer]:
    """Return the renderers of notifications, by the kind of their key."""
    limits = LimitRenderer(alerts)
    return {
        CrossingKey.kind: ThreadReplyRenderer(alerts).render_event,
        LimitKey.kind: limits.render_event,
        SummaryKey.kind: limits.render_summary,
        DecidedKey.kind: requests.render_decision,
        RequestKey.kind: requests.render_event,
    }
