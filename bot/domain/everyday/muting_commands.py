"""Alerts kept away or asked for in everyday words: `stop the alerts`, `mute until tomorrow`, `alert me on errors`."""

import re

_STOP = (
    r"(?:stop|mute|silence|pause|quit|disable|cancel|end|no more|enough|don't|dont|do not|never|(?:turn|switch) off"
    r"|unsubscribe(?: me)? from)"
    r"(?: (?:sending|send|giving|give|getting|get|showing|me|us|the|my|all|these|those|any|more|of|from|budget|spend))*"
)
_ALERTS = (
    r" (?:(?:alert|warning|notification|ping|message|dm)s?"
    r"|(?:alert|warn|notify|ping|bother|disturb|message|dm)(?:ing)?(?: me)?)"
)
_FAILURES = r" (?:error|failure|failed task|failing task|task failure)s?"
_ABOUT = r"(?: (?:about|of|for|when|the|my|any|all))+"
_PLEASE = r"(?:(?:please|can|could|you|ok) )*"
_END = r"(?: (?:off|anymore|any more|again|now|please|thanks))*"
_HOURS = r"\d{1,3} ?(?:h|hrs?|hours?|d|days?|w|weeks?)"
_UNTIL = rf"(?P<until>(?: for)? today| (?:for|until|till) .{{1,40}}| {_HOURS})?"
_ABOUT_FAILURES = re.compile(
    rf"{_PLEASE}{_STOP}(?:{_FAILURES}{_ALERTS}|(?:{_ALERTS}| tell(?:ing)? me){_ABOUT}{_FAILURES}(?: fail)?){_END}"
    rf"|{_PLEASE}(?:turn|switch)(?: the| my)?{_FAILURES}{_ALERTS} off{_END}"
    rf"|{_PLEASE}mute(?: (?:the|my|all|any))*{_FAILURES}{_END}"
)
_ABOUT_BUDGETS = re.compile(
    rf"{_PLEASE}(?:{_STOP}|(?:turn|switch)(?: the| my| budget)*(?=.* off)|mute(?= )){_ALERTS}{_END}{_UNTIL}{_END}"
)
_ALONE = re.compile(
    rf"(?:please )?(?:mute(?: yourself| me| it)?|silence|be quiet|quiet|hush|shut up|leave me alone){_UNTIL}{_END}"
)
_ABOUT_SOMEBODY = re.compile(
    rf"{_PLEASE}(?:{_STOP}|mute(?= )){_ALERTS}(?: (?:about|of|for|on))+"
    rf"(?P<who>(?: (?!(?:me|my|the)(?!\S))\S+?){{1,2}}){_UNTIL}{_END}"
)
_ALERTS_OF_SOMEBODY = re.compile(
    rf"{_PLEASE}(?:{_STOP}|mute|snooze)(?P<who>(?: (?!(?:me|my|the)(?!\S))\S+?){{1,2}})(?:'s|(?<=s)')"
    rf"(?: (?:budget|spend))?{_ALERTS}{_UNTIL}{_END}"
)
_THINGS = r"(?:alert|warning|notification|ping|message|dm|budget|spend|failure|error|report)s?|all|everything"
_EVERYTHING = re.compile(rf"{_PLEASE}mute (?:all|everything){_UNTIL}{_END}")
_NOBODY = (
    rf"(?:{_THINGS}|me|us|my|our|it|this|that|these|those|them|here|again|off|on|please|now|yourself|bot|channel|thread"
    r"|conversation|everyone|everybody|anyone|anybody|tasks?|tomorrow|tonight|\d\S*)"
)
_SOMEBODY = re.compile(
    rf"{_PLEASE}mute(?: the(?= team(?!\S)))?(?P<who>(?: (?!(?:{_NOBODY}|the|for|until|till|and|or)(?!\S))\S+?){{1,2}})"
    rf"{_UNTIL}{_END}"
)
_SOMEBODY_AGAIN = re.compile(
    rf"{_PLEASE}(?:un(?:mute|snooze|silence|pause)(?: alerts (?:about|of|for))?"
    r"|resume(?=.*'s (?:budget|limit)(?!\S)))"
    rf"(?P<who>(?: (?!(?:me|us|my|the|it|again|please|now|yourself|{_THINGS})(?!\S))\S+?){{1,2}})"
    r"(?:(?:'s|(?<=s)')(?: (?:budget|limit))?)?"
    rf"(?:{_ALERTS})?{_END}"
)
_OF_SOMEBODY = (_ABOUT_SOMEBODY, _ALERTS_OF_SOMEBODY, _SOMEBODY)
_OF = "'s"
_AGAIN = re.compile(
    rf"{_PLEASE}(?:un(?:mute|snooze|silence|pause)|(?:resume|restart|continue|reenable|re-enable|enable)"
    rf"(?: (?:the|my|all|sending|budget))*{_ALERTS}|(?:turn|switch)(?: (?:the|my|all|budget))*{_ALERTS} (?:back )?on"
    rf"|(?:turn|switch)(?: back)? on(?: (?:the|my|all|budget))*{_ALERTS}"
    r"|(?:end|cancel|stop) (?:the |my )?snoozes?|stop snoozing"
    rf"|(?:start|keep) {_ALERTS.strip()})(?: (?:me|us|the|my|yourself|it|again|please|now|of|about|for|{_THINGS}))*"
)
_FAILURES_AGAIN = re.compile(
    rf"{_PLEASE}un(?:mute|snooze|silence|pause)(?: (?:the|my|all))*{_FAILURES}(?:{_ALERTS})?{_END}"
    r"|(?:please )?(?:resume|restart|reenable|re-enable|enable|start|(?:turn|switch)(?: back)? on|un(?:mute|pause))"
    rf"(?: (?:the|my|all|sending))*(?:{_FAILURES}{_ALERTS}|{_ALERTS}{_ABOUT}{_FAILURES}){_END}"
    rf"|{_PLEASE}(?:turn|switch)(?: (?:the|my|all))*{_FAILURES}{_ALERTS} (?:back )?on{_END}"
)
_WHEN_FAILING = (
    r"(?:when|whenever|if|as soon as|each time|every time)(?: (?:one of|any of|any|a|one|some of|my|the)){0,3}"
    r" (?:tasks?|runs?) (?:fails?|crash(?:es)?)"
)
_FAILURES_WANTED = re.compile(
    rf"{_PLEASE}(?:i (?:want|would like) to be (?:told|notified|alerted)"
    r"|(?:(?:tell|alert|notify|warn|dm|message|ping) me|let me know))"
    rf" {_WHEN_FAILING}{_END}"
    rf"|{_PLEASE}(?:(?:alert|notify|warn|dm|message|ping) me|let me know(?!.* errors))"  # which shows them
    rf" (?:about|of|on)(?: (?:my|the|any|all))*{_FAILURES}{_END}"
)


def muting_line(words: list[str], texts: list[str]) -> str | None:
    """Return the command that keeps alerts away for a while, or messages about failures; None if none is asked for.

    `texts` are the words of a line in lower case.
    """
    said = " ".join(texts)
    return _failure_line(said) or _own_line(said) or _line_of_somebody(" ".join(words), said)


def _failure_line(said: str) -> str | None:
    if _ABOUT_FAILURES.fullmatch(said):
        return "notify errors off"
    return "notify errors on" if _FAILURES_AGAIN.fullmatch(said) or _FAILURES_WANTED.fullmatch(said) else None


def _own_line(said: str) -> str | None:
    if _AGAIN.fullmatch(said):
        return "snooze off"
    if found := _ABOUT_BUDGETS.fullmatch(said) or _ALONE.fullmatch(said):
        return f"snooze{_for_how_long(found)}"
    found = _EVERYTHING.fullmatch(said)
    return f"snooze everything{_for_how_long(found)}" if found else None


def _line_of_somebody(line: str, said: str) -> str | None:
    again = _SOMEBODY_AGAIN.fullmatch(said)
    found = again or next((found for each in _OF_SOMEBODY if (found := each.fullmatch(said))), None)
    if found is None:
        return None
    begun, end = found.span("who")
    return f"snooze{line[begun:end].removesuffix(_OF)}{' off' if again else _for_how_long(found)}"


def _for_how_long(found: re.Match[str]) -> str:
    return (found["until"] or "").replace(" for today", " today")
