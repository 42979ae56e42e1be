"""The command `help`: six examples, and a page for each topic, for the role of whoever reads it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.access import Caller, Role
from bot.domain.everyday.vocabulary import FILLER, ONESELF
from bot.domain.periods import Unit, local_day
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.text import one_line
from bot.slack import blocks
from bot.slack.blocks import Button, Draft
from bot.slack.requests import Request
from bot.slack.templates import Templates
from bot.usage.keys import HelpAction, HelpTopic
from bot.usage.report import ReportPolicy

FOR_OPERATORS = (
    ("/neo-usage", "your month at a glance"),
    ("/neo-usage team last week by:member", "who spent most"),
    ("/neo-usage team last month by:model", "what it was spent on"),
    ("/neo-usage team 30d by:day", "a chart of the days"),
    ("/neo-usage @ana this week", "one person"),
    ("/neo-usage team yesterday status:error,failed rows", "the tasks that failed"),
)
FOR_MEMBERS = (
    ("/neo-usage", "your month at a glance"),
    ("/neo-usage last week", "what you spent"),
    ("/neo-usage 7d by:model", "what you spent it on"),
    ("/neo-usage 30d by:day", "a chart of your days"),
    ("/neo-usage last month rows top:10", "your most expensive tasks"),
    ("/neo-usage errors 7d", "your failed tasks"),
)


_LABELS = {HelpTopic.FILTERS: "Filters and groups", HelpTopic.TEAM: "Team and people"}
_FOR_OPERATORS_ALONE = {HelpTopic.TEAM}
_WORDS = {
    HelpTopic.TIME: "time times date dates when period periods window",
    HelpTopic.FILTERS: "filter filters group groups grouping by sort",
    HelpTopic.BUDGETS: "budget budgets limit limits threshold snooze explain alert alerts",
    HelpTopic.FAILURES: "failure failures error errors notify",
    HelpTopic.FILES: "file files csv export share",
    HelpTopic.SUBSCRIPTIONS: "subscription subscriptions subscribe unsubscribe schedule schedules regularly",
    HelpTopic.TEAM: "team people person member members user users link digest status operator operators"
    " reconcile balance credits",
}
_TOPICS = {word: topic for topic, words in _WORDS.items() for word in words.split()}
_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class HelpCommands:
    """The command `help` in Slack, and the buttons under its pages; `clock` gives aware times."""

    templates: Templates
    policy: ReportPolicy
    clock: Callable[[], datetime]

    async def help(self, request: Request, caller: Caller) -> None:
        """`help [topic]`: answer with what the caller can ask, or with the page of a topic."""
        words = [word for word in _WORD.findall(request.text.lower())[1:] if word not in FILLER | ONESELF]
        readable = list(_readable(operator=_is_operator(caller)))
        named = next((_TOPICS[word] for word in words if _TOPICS.get(word) in readable), None)
        await self._respond(request, caller, named or HelpTopic.EXAMPLES, "" if named else " ".join(words))

    async def answer_courtesy(self, request: Request, _caller: Caller) -> None:
        """Answer thanks and the like in a line."""
        await request.responder.respond(blocks.paragraph(self.templates.render("usage/courtesy")))

    async def press(self, request: Request, caller: Caller) -> None:
        """Show the page of a button in place of the one it stands under.

        Raises MalformedKeyError for an unknown page.
        """
        topic = HelpAction.decode(request.action, request.text).topic
        readable = topic in _readable(operator=_is_operator(caller))
        await self._respond(request, caller, topic if readable else HelpTopic.EXAMPLES)

    async def _respond(self, request: Request, caller: Caller, topic: HelpTopic, unknown: str = "") -> None:
        operator = _is_operator(caller)
        text = self.templates.render(
            template_of(topic),
            operator=operator,
            examples=self._examples(operator=operator),
            failing=",".join(self.policy.failing),
            unknown=one_line(unknown, 60),
            **example_times(local_day(self.clock(), self.policy.zone)),
        )
        draft = Draft("See what Neo costs: type /neo-usage, or /neo-usage with time, filters and groups in any order.")
        draft.add(blocks.section(text))
        draft.add(blocks.actions(_buttons(topic, operator=operator)))
        await request.responder.respond(draft.message(), replace=bool(request.action))

    def _examples(self, *, operator: bool) -> list[tuple[str, str]]:
        """Return example lines and what they mean, with the statuses that count as failed by the settings."""
        failing, usual = (f"status:{','.join(each)} " for each in (self.policy.failing, FAILED_STATUSES))
        lines = FOR_OPERATORS if operator else FOR_MEMBERS
        return [(line.replace(usual, failing), meaning) for line, meaning in lines]


def example_times(today: date) -> dict[str, str]:
    """Return times that are over, as they can be typed: last month with its first days, last week, yesterday."""
    first = Unit.MONTH.shift(Unit.MONTH.first_day(today), -1)
    monday = Unit.WEEK.shift(Unit.WEEK.first_day(today), -1)
    return {
        "month": Unit.MONTH.label(first),
        "week": Unit.WEEK.label(monday),
        "day": Unit.DAY.label(today - timedelta(days=1)),
        "first": Unit.DAY.label(first),
        "last": Unit.DAY.label(first + timedelta(days=14)),
    }


def template_of(topic: HelpTopic) -> str:
    """Return the template of a page."""
    return "usage/help" if topic is HelpTopic.EXAMPLES else f"usage/help_{topic}"


def _buttons(shown: HelpTopic, *, operator: bool) -> Iterator[Button]:
    """Return a button for each page but the one that is shown."""
    for topic in _readable(operator=operator):
        if topic is not shown:
            yield blocks.button(_LABELS.get(topic, topic.capitalize()), HelpAction(topic))


def _readable(*, operator: bool) -> Iterator[HelpTopic]:
    """Return the pages that somebody reads: what only operators can do is on pages for them."""
    return (topic for topic in HelpTopic if operator or topic not in _FOR_OPERATORS_ALONE)


def _is_operator(caller: Caller) -> bool:
    return caller.role is Role.OPERATOR
