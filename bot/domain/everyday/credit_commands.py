"""Credits and Neo's own total in everyday words: `will we run out of credits`, `does our total agree with neo`."""

import re

from bot.domain.everyday.coming_times import AT_THIS_RATE, COMING

_LONGEST = 120  # characters
_WHOSE = r"(?:(?:our|my|your|the|these|this|that|those|all|any|some|enough|neo|neo's|team's|bot's) )*"
_CREDITS = rf"{_WHOSE}(?:credits?|balance)"
_BY_THEN = rf"(?: (?:(?:before|by|until|till|at|on|in|for)(?: the)? {COMING}|next (?:week|month)))?(?: {AT_THIS_RATE})?"
_SOON = rf"(?: (?:soon|today|now|left|remaining|still|already|this (?:week|month)))*{_BY_THEN}"
_WE = r"(?:we|i|the team|they|it|there)"
_ASKED = r"(?:what|what's|whats|is|are|show|me|check|get|see|tell)"
_BALANCE = re.compile(
    # will we run out of credits
    rf"(?:(?:will|do|are|could|might|can|is|when|how soon|if|going|to|gonna|{_WE}) ){{1,5}}(?:run|runs|running)"
    rf" (?:out )?(?:of|on|low on|short of) {_CREDITS}{_SOON}"
    # when will our credits run out, how long will they last
    rf"|(?:(?:when|how soon|how long|will|do|does|are|is) ){{1,2}}{_CREDITS}(?: (?:going to|gonna|be))*"
    rf" (?:run out|runs out|last|lasts|end|ends|expire|gone|used up|finished|enough){_SOON}"
    # how many credits do we have left
    rf"|how (?:many|much) (?:of )?{_CREDITS}(?: (?:do|does|have|has|is|are|did|{_WE}|still|got))*"
    r" (?:left|remaining|remain|remains|have)(?: (?:now|today|still))*"
    # what's our balance, credits left
    rf"|(?:{_ASKED} ){{0,3}}{_CREDITS}(?: (?:left|remaining|status|balance))+"
    rf"|(?:{_ASKED} ){{1,3}}(?:(?:our|my|the|neo|neo's|team's|credit|credits) )+balance{_SOON}"
    rf"|(?:{_ASKED} )?(?:(?:our|the|team's|credit|credits) )*runway{_SOON}"
    rf"|(?:credit|credits|neo|account|our|the|my) balance{_SOON}|(?:remaining|available) {_CREDITS}"
    # are we low on credits, do we have enough
    rf"|(?:(?:are|is|do|have|has) ){{1,2}}{_WE}(?: (?:got|have|running))*"
    rf" (?:(?:low on|short of|out of) )?{_CREDITS}{_SOON}"
)
_FIGURES = r"(?:totals?|numbers?|figures?|sums?|spend|spending|amounts?|data|ledger|costs?)"
_OURS = rf"{_WHOSE}{_FIGURES}(?: (?:here|totals?|numbers?|figures?))?"
_NEO = (
    r"(?:in |on |what )?(?:neo|neo's|neos|the neo|theirs|upstream|yours|mine|ours)"
    r"(?: (?:own|page|bill|invoice|total|totals|numbers?|figures?))*"
)
_RIGHT = (
    r"(?:agrees?|match(?:es|ing)?|tally|adds? up|right|correct|accurate|the same|same|equal|differs?|different|off"
    r"|wrong|reliable|consistent|lower|higher|less|more|in sync)"
)
_AGREEMENT = re.compile(
    rf"(?:why )?(?:does|do|is|are|don't|doesn't|isn't|aren't)(?: {_OURS}| {_NEO}| it| this| that| you)"
    rf"(?: and {_NEO}| and {_OURS})?"
    rf"(?: (?:not|really|still|so))* {_RIGHT}(?: (?:with|to|as|from|than|in))?(?: {_NEO}| {_OURS})?"
    rf"(?: (?:with|to|as|from|than) {_NEO})?"
    rf"|(?:(?:can you|please|let's) )*(?:check|compare|verify|reconcile|validate|match)(?: {_OURS})?"
    rf" (?:against|with|to|and|vs|versus) {_NEO}"
    rf"|(?:can|could|should) (?:i|we) trust (?:you|{_OURS})"
)
_FIGURES_NAMED = re.compile(r"(?<!\S)(?:neo|neo's|neos|upstream|totals?|numbers?|figures?|data|ledger|trust)(?!\S)")
_AMOUNT = r"[$\u20ac\u00a3]?\d[\d.,]*(?:k|cr)?(?: (?:dollars?|usd|bucks|credits?))?"
_PERIOD = r"(?: ?/ ?| an? | per | each | every )(?:day|week|month)"
_TRIAL = re.compile(
    r"(?:what (?:if|would happen (?:with|if|at))|what would|try|test|simulate|how (?:would|about)"
    r"|who would (?:be|have been|get|have gotten) (?:notified|alerted|warned|alerts?|over|hit))"
    r"(?: (?:out|the|a|an|we|i|had|have|set|used|limit|budget|was|were|is|of|at|to|with|by|if|everyone|over))*"
    rf" (?P<limit>{_AMOUNT}{_PERIOD})(?: (?:limit|budget|do|mean|have done|look like))*(?: for (?P<who>.{{1,40}}))?"
)


def credit_line(words: list[str], texts: list[str]) -> str | None:
    """Return the command that tells of credits, compares with Neo, or tries a limit, if a line asks for one; else None.

    `texts` are the words in lower case.
    """
    said = " ".join(texts)
    if len(said) > _LONGEST:
        return None
    if _BALANCE.fullmatch(said):
        return "balance"
    if _FIGURES_NAMED.search(said) and _AGREEMENT.fullmatch(said):
        return "reconcile"
    found = _TRIAL.fullmatch(said)
    if found is None:
        return None
    whom = found["who"]
    return f"backtest {found['limit']} {' '.join(words)[-len(whom) :] if whom else ''}".strip()
