"""The capability of App Home and the card: each person's own page in Slack, and what `/neo-usage` alone answers."""

from bot.budgets.capability import form_commands, request_commands
from bot.budgets.requests import decline_form
from bot.capability import Capability, Context, Form, Stage, Timer, Upkeep
from bot.failures.capability import failure_commands, silence_commands
from bot.home import store
from bot.home.commands import HomeCommands
from bot.home.keys import (
    KIND,
    BudgetFormAction,
    DecideFromHomeAction,
    FailuresAction,
    HomeBudgetForm,
    HomeDeclineForm,
    LiftFromHomeAction,
    ListenAction,
)
from bot.home.month_facts import HomePolicy
from bot.home.pages import HomePages
from bot.home.publisher import HomePublisher
from bot.home.refresher import HomeRefresher
from bot.home.viewers import Viewers
from bot.usage.capability import answers

_SECONDS = 5  # between looks at what has changed
_MAX_WAIT = 15.0  # seconds that other timers wait for it


def home(context: Context) -> Capability:
    """Return the capability."""
    viewers = Viewers(context.people)
    pages = _pages(context)
    publisher = HomePublisher(context.database, context.workspace, viewers, pages, context.clock)
    zone = context.settings.timezone
    refresher = HomeRefresher(context.database, viewers, publisher, zone, context.clock)
    budget_forms = form_commands(context)
    commands = HomeCommands(
        context.database,
        context.workspace,
        pages,
        publisher,
        budget_forms,
        request_commands(context),
        failure_commands(context),
        silence_commands(context),
        context.last_questions,
        context.clock,
    )
    return Capability(
        "home",
        keys=(
            *(ListenAction, BudgetFormAction, FailuresAction, LiftFromHomeAction, DecideFromHomeAction),
            *(HomeBudgetForm, HomeDeclineForm),
        ),
        commands={"": commands.show_card, "overview": commands.show_card},
        says_how_understood={"", "overview"},
        actions={KIND: commands.press},
        forms={
            HomeBudgetForm.kind: Form(commands.submit_budget, budget_forms.check),
            HomeDeclineForm.kind: Form(commands.submit_decline, decline_form.field_errors),
        },
        timers=[
            Timer(
                "home",
                _SECONDS,
                refresher.find_outdated,
                stage=Stage.READY,
                max_wait=_MAX_WAIT,
                begin=refresher.begin,
            ),
            # also a page that could not be published when its viewer opened it
            Timer(
                "home pages",
                _SECONDS,
                refresher.publish_pending,
                stage=Stage.READY,
                max_wait=_MAX_WAIT,
                everywhere=True,
            ),
        ],
        upkeep=Upkeep(
            prune={"viewers": store.prune},
            erase_person=lambda connection, person, _now: store.erase_viewer(connection, person),
            export_person=store.exported_viewer,
        ),
        home=commands.open,
    )


def _pages(context: Context) -> HomePages:
    policy = HomePolicy.from_settings(context.settings)
    return HomePages(context.database, context.people, context.templates, answers(context), policy, context.clock)
