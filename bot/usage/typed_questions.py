"""Typed questions: which question a line asks, by itself or going on from the last one in the conversation."""

from contextlib import suppress
from dataclasses import dataclass

from bot.domain.access import Caller, RefusedError
from bot.domain.everyday.averages import average_alone
from bot.domain.query.errors import AmbiguousError, ExactError, QueryError
from bot.domain.query.question import Question, describe
from bot.usage.answers import Answers
from bot.usage.continuation import Compared, Continuation, Earlier, Same, Usual, continuation_of
from bot.usage.earlier_question import earlier_question, side_by_side
from bot.usage.follow_up import followed_up, is_follow_up, points_back, without_pointing

_NO_ANSWER = "I don't know which answer you mean. Ask all of it, such as `average per day last week`."
_NO_QUESTION = "I don't know which question you mean. Ask all of it, such as `last week by:model`."


@dataclass(frozen=True, slots=True)
class TypedQuestions:
    """Reads typed lines; the last question of whoever types is known by its line, `asked`."""

    answers: Answers

    async def question(self, line: str, caller: Caller, asked: str | None) -> Question:
        """Return the question that a line asks. A line of the query language means itself.

        Raises:
            AmbiguousError: it may mean several questions: by itself, or of the last one.
            QueryError: it is no question, or not clear.
            RefusedError: the caller may not ask it, or somebody in it is not known.
        """
        try:
            question = await self.answers.parse(line, caller)
        except ExactError:
            raise
        except (QueryError, RefusedError):
            if (continued := await self._going_on(line, caller, None, asked)) is None:
                raise
            return continued
        if not question.in_words:
            return question
        return await self._going_on(line, caller, question, asked) or question

    async def _going_on(
        self, line: str, caller: Caller, question: Question | None, asked: str | None
    ) -> Question | None:
        """Return the question of a line that goes on from the last one; None if it asks its own, or none at all.

        Raises as `question`.
        """
        continued = await self._continued(line, caller, asked)
        if continued is None and asked is not None:
            await self._check_clear(line, caller, question, asked)
        return continued

    async def _check_clear(self, line: str, caller: Caller, question: Question | None, asked: str) -> None:
        """Raise AmbiguousError if a line may mean its own `question`, if it has one, or go on from the last one."""
        if (pointed := await self._pointed(line, caller, question)) is not None:
            before = await self.answers.parse(asked, caller)
            raise AmbiguousError((describe(followed_up(before, pointed)),), "Is this the question you mean?")
        if question is None or not is_follow_up(line):
            return
        continued = followed_up(await self.answers.parse(asked, caller), question)
        if continued != question:
            lines = (describe(continued), describe(question))
            raise AmbiguousError(lines, "Do you mean it of your last question, or by itself?")

    async def _pointed(self, line: str, caller: Caller, question: Question | None) -> Question | None:
        """Return what a line says of the last question that points to it by `they`, `of it` and the like; else None."""
        if question is not None and question.average and points_back(line):
            return question
        rest = without_pointing(line)
        if rest is None:
            return None
        if question is not None:
            return question
        with suppress(QueryError):
            return await self.answers.parse(rest, caller)
        return None

    async def _continued(self, line: str, caller: Caller, asked: str | None) -> Question | None:
        """Return the question of a line that is nothing without the last one; None if it is one by itself.

        Raises QueryError if it is not clear.
        """
        if (average := average_alone(line)) is not None and (asked is not None or average.points):
            if asked is None:
                raise QueryError(_NO_ANSWER)
            return followed_up(await self.answers.parse(asked, caller), Question(average=average.units, in_words=True))
        continuation = continuation_of(line)
        if continuation is None or (asked is None and isinstance(continuation, Compared)):
            return None
        if asked is None:
            raise QueryError(_NO_ANSWER if isinstance(continuation, Usual) else _NO_QUESTION)
        return await self._of_last(continuation, caller, asked)

    async def _of_last(self, continuation: Continuation, caller: Caller, asked: str) -> Question:
        """Return the question that goes on from the last one. Raises QueryError if that is not clear."""
        if isinstance(continuation, Compared):
            return await self.answers.parse(f"{asked} vs {continuation.rest}".strip(), caller)
        before = await self.answers.parse(asked, caller)
        now, zone = self.answers.clock(), self.answers.policy.zone
        match continuation:
            case Earlier(unit):
                return earlier_question(before, unit, now, zone)
            case Usual():
                usual = side_by_side(before, now, zone)
                why = f"I can't say what's a lot for you. To see what's usual, look at the {usual.by[0]}s side by side."
                raise QueryError(why, instead=describe(usual))
            case Same(rest):
                return before if not rest else followed_up(before, await self.answers.parse(f"for {rest}", caller))
