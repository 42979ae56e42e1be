"""The capability of App Home: each person's own page in Slack, republished when its content has changed."""

from bot.budgets.capability import budget_commands
from bot.capability import Capability, Context, Stage, Timer, Upkeep
from bot.failures.capability import failure_commands, silence_commands
from bot.home import store
from bot.home.facts import HomePolicy
from bot.home.home import HomeTab
from bot.home.keys import KIND, BudgetFormAction, LiftSilenceAction, ListenAction
from bot.usage.capability import answers

_PATIENCE = 15.0  # seconds that a sync gives it, before the next one


def home(context: Context) -> Capability:
    """Return the capability."""
    tab = HomeTab(
        context.database,
        context.people,
        context.workspace,
        context.templates,
        answers(context),
        budget_commands(context),
        failure_commands(context),
        silence_commands(context),
        HomePolicy.from_settings(context.settings),
        context.clock,
    )
    return Capability(
        "home",
        keys=(ListenAction, BudgetFormAction, LiftSilenceAction),
        actions={KIND: tab.press},
        timers=[Timer("home", 5, tab.tick, stage=Stage.READY, patience=_PATIENCE)],
        upkeep=Upkeep(prune={"viewers": store.prune}),
        home=tab.open,
    )
