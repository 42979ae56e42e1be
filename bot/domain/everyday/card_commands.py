"""The card in everyday words: `how am I doing`, `forecast`, `will we make it this month`; of `we` the team's."""

import re

from bot.domain.everyday.coming_times import AT_THIS_RATE

TEAM_CARD = "overview team"
"""The command that shows the team's card; `overview` alone shows one's own."""
_PERIOD = r"(?: (?:(?:(?:by|until|till|at|to|through|for) )?(?:this|the) )?(?:end of (?:the|this) )?month)"
_EVERYBODY = r"(?:the (?:whole |entire )?team|our team|everyone|everybody|the company)"
_WHOSE = rf"(?:i|we|it|this|that|they|{_EVERYBODY}|(?:this|the) month|things|everything|stuff)"
_OURS = re.compile(
    r"(?<!\S)(?:we|we're|we'll|we've|us|our|ours|team|team's|everyone|everybody|everyone's|company)(?!\S)"
)
_DOING = re.compile(
    rf"(?:so |hey |hi |ok |and )?(?:how(?:'s|s| is| are| am|'re)?(?: {_WHOSE})? (?:doing|going|looking|standing)"
    rf"|(?:am|are|is) {_WHOSE} (?:ok|okay|good|fine|safe|alright|all right|in trouble|on track|on pace)"
    r"|where (?:do|are) (?:i|we) (?:stand|at|standing)|what's up|overview|dashboard|my dashboard|card|my card|home"
    rf"|(?:give me |show me )?(?:an |the |my |our |the team's |team )?(?:overview|dashboard|card))"
    rf"{_PERIOD}?(?: so far| now| today| right now| please)*"
)
_FORECAST = re.compile(
    r"(?:(?:what(?:'s| is)?|show|give|me|the|my|our|a|team|team's|spend(?:ing)?|cost|month|monthly|end of|is) ){0,6}"
    r"(?:forecast|projection|prediction|estimate|outlook|projected (?:spend|cost|total)|expected (?:spend|cost|total))"
    rf"(?: for(?: (?:me|us|{_EVERYBODY}))?)?{_PERIOD}?(?: please)*"
    rf"|(?:what|how much)(?: money)? (?:will|would|'ll|are|am|is) {_WHOSE}(?: (?:going to|gonna|likely|probably|be))*"
    rf" (?:cost|spend|pay|use|come to|total|end up(?: at| with| spending| paying)?|spending){_PERIOD}?(?: please)*"
    rf"|{AT_THIS_RATE}|where (?:are|am) (?:we|i) heading{_PERIOD}?"
)
_MAKING_IT = re.compile(
    r"(?:(?:so|and|do you think|think) )*"
    rf"(?:(?:will|can|could|are|am|is|do|does|would) {_WHOSE}|we'll|i'll|we will|i will)"
    r"(?: (?:still|going to|gonna|likely|probably|be able to|ever))*"
    r" (?:make it|get through|survive|manage|be (?:ok|okay|fine|good|safe|alright|all right|in trouble|on track))"
    rf"(?: through)?{_PERIOD}?(?: please)*"
)


def card_line(_words: list[str], texts: list[str]) -> str | None:
    """Return the line that asks for one's own card, which is empty, or for the team's; None if it asks for neither.

    `texts` are the words in lower case.
    """
    said = " ".join(texts)
    if not any(each.fullmatch(said) for each in (_DOING, _FORECAST, _MAKING_IT)):
        return None
    return TEAM_CARD if _OURS.search(said) else ""
