"""Lines that are nothing without the question before them: `and the week before`, `same for october`, `vs june`."""

import re
from dataclasses import dataclass

from bot.domain.everyday.typography import plain
from bot.domain.periods import Unit

_THEN = r"(?:(?:and|ok|okay|now|then|so|but|also|please|can you|could you|show me|show|give me|what about|how about) )*"
_OF_A_TIME = r"(?:(?:what|how|was|were|is|it|that|for|in|during|about) )*"
_EARLIER = re.compile(
    rf"{_THEN}{_OF_A_TIME}(?:(?:the )?(?P<unit>day|week|month|quarter|year) (?:before|earlier|prior)"
    r"|(?:the )?(?:one|time|period|days|weeks|months)? ?(?:before|earlier|prior to)"
    r"|(?:the )?(?:previous|prior|preceding) (?:one|period|(?P<previous>day)))"
    r"(?: (?:that|it|this|then))?(?: one)?"
)
_SAME = re.compile(
    rf"{_THEN}(?:(?:do )?(?:the )?(?:same|that|it)(?: (?:thing|question|again|one|report))*"
    r"(?: but)?(?: (?:for|in|on|of|about|with))?|again)(?P<rest>(?: .+)?)"
)
_SAID_AGAIN = re.compile(r"(?<!\S)(?:same|again)(?!\S)")
_COMPARED = re.compile(
    rf"{_THEN}(?:compared?(?: (?:it|that|this|them))? (?:with|to|against)|vs\.?|versus|against"
    r"|how (?:does|do|did) (?:it|that|this|they) compare (?:with|to|against)"
    r"|(?:is|was) (?:it|that|this) (?:more|less|higher|lower) than) (?P<rest>.+)"
)


_USUAL = re.compile(
    rf"{_THEN}(?:(?:is|was|are|were|isn't|wasn't|isnt) (?:it|that|this|those|these|they)(?: (?:a|an|too|quite|very"
    r"|really|so|rather|unusually|about|high|more than|less than|above|below|the))*"
    r" (?:lot|much|high|low|little|normal|usual|unusual|expensive|cheap|typical|average|ok|okay|fine"
    r"|bad|good|reasonable)"
    r"|(?:compared? (?:it |that |this )?(?:to|with)|vs\.?|versus) (?:normal|usual|what(?:'s| is) (?:normal|usual))"
    r"|what(?:'s| is) (?:normal|usual|typical)|how does (?:it|that|this) compare(?: (?:to|with) (?:normal|usual))?)"
    r"(?: (?:for (?:us|me|them|a day|a week|a month)|or not|then))*"
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The same of the time before: of that kind, such as `the week before`, if one is named."""

    unit: Unit | None


@dataclass(frozen=True, slots=True)
class Same:
    """The same with what `rest` says in place of what the question before said; empty for all of it again."""

    rest: str


@dataclass(frozen=True, slots=True)
class Compared:
    """The question before, compared with what `rest` names."""

    rest: str


@dataclass(frozen=True, slots=True)
class Usual:
    """Whether the answer is a lot, or usual."""


Continuation = Earlier | Same | Compared | Usual


def continuation_of(line: str) -> Continuation | None:
    """Return how a typed line goes on from the question before it; None if it may be a question by itself."""
    said = plain(line)
    texts = said.lower()
    if found := _EARLIER.fullmatch(texts):
        unit = found["unit"] or found["previous"]
        return Earlier(Unit(unit) if unit else None)
    if _USUAL.fullmatch(texts):
        return Usual()
    if found := _COMPARED.fullmatch(texts):
        return Compared(said[found.start("rest") :])
    if _SAID_AGAIN.search(texts) and (found := _SAME.fullmatch(texts)):
        return Same(said[found.start("rest") :].strip())
    return None
