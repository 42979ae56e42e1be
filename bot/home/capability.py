"""The capability of App Home and the card: each person's own page in Slack, and what `/neo-usage` alone answers."""

from bot.budgets.capability import form_commands
from bot.capability import Capability, Context, Stage, Timer, Upkeep
from bot.failures.capability import failure_commands, silence_commands
from bot.home import store
from bot.home.commands import HomeCommands
from bot.home.keys import KIND, BudgetFormAction, FailuresAction, LiftFromHomeAction, ListenAction
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
    commands = HomeCommands(
        context.database,
        context.workspace,
        pages,
        publisher,
        form_commands(context),
        failure_commands(context),
        silence_commands(context),
        context.clock,
    )
    return Capability(
        "home",
        keys=(ListenAction, BudgetFormAction, FailuresAction, LiftFromHomeAction),
        commands={"": commands.show_card},
        actions={KIND: commands.press},
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
        upkeep=Upkeep(prune={"viewers": store.prune}),
        home=commands.open,
    )


def _pages(context: Context) -> HomePages:
    policy = HomePolicy.from_settings(context.settings)
    return HomePages(context.database, context.people, context.templates, answers(context), policy, context.clock)
