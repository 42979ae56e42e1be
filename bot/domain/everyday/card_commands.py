"""The card in everyday words: `how am I doing`, `forecast`, `what will this month cost`."""

import re

_PERIOD = r"(?: (?:this|the|by the|until the|at the)? ?(?:end of (?:the|this) )?(?:month|week|year))"
_WHOSE = r"(?:i|we|it|this|that|they|the team|(?:this|the) month|things|everything|stuff)"
_DOING = re.compile(
    rf"(?:so |hey |hi |ok )?(?:how(?:'s|s| is| are| am|'re)?(?: {_WHOSE})? (?:doing|going|looking|standing)"
    rf"|(?:am|are|is) {_WHOSE} (?:ok|okay|good|fine|safe|alright|all right|in trouble|on track|on pace)"
    r"|where (?:do|are) (?:i|we) (?:stand|at|standing)|what's up|overview|dashboard|my dashboard|card|my card|home"
    rf"|(?:give me |show me )?(?:an |the |my |our )?overview){_PERIOD}?(?: so far| now| today| right now| please)*"
)
_FORECAST = re.compile(
    r"(?:(?:what(?:'s| is)?|show|give|me|the|my|our|a|spend(?:ing)?|cost|month|monthly|monthly|end of|is) ){0,6}"
    r"(?:forecast|projection|prediction|estimate|outlook|projected (?:spend|cost|total)|expected (?:spend|cost|total))"
    rf"(?: for)?{_PERIOD}?(?: please)*"
    rf"|(?:what|how much)(?: money)? (?:will|would|'ll|are|am|is) {_WHOSE}(?: (?:going to|gonna|likely|probably|be))*"
    rf" (?:cost|spend|pay|use|come to|total|end up(?: at| with| spending| paying)?|spending){_PERIOD}?(?: please)*"
    rf"|(?:at|with) (?:this|the current) (?:rate|pace).{{0,60}}|where (?:are|am) (?:we|i) heading{_PERIOD}?"
)


def card_line(_words: list[str], texts: list[str]) -> str | None:
    """Return the line that asks for the card, which is empty, if the words of a line ask for it; else None.

    `texts` are the words in lower case.
    """
    said = " ".join(texts)
    return "" if _DOING.fullmatch(said) or _FORECAST.fullmatch(said) else None
