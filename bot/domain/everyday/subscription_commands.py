"""Subscriptions in everyday words: `send me a report every monday at 9`, `what am I subscribed to`."""

import re
from collections.abc import Sequence

from bot.domain.everyday.dates import WEEKDAYS
from bot.domain.everyday.vocabulary import FILLER

_NOUNS = {"subscription", "subscriptions", "subscribed"}
_REPORTS = {"report", "reports", "summary", "summaries", "overview", "recap", "update", "updates"}
_LISTING = {*FILLER, *_NOUNS, "my", "i", "i'm", "me", "all", "am", "every", "to", "scheduled", "active"}
_STOPPING = {"stop", "cancel", "unsubscribe", "turn", "pause"}
_ENDING = {*_STOPPING, "end", "remove", "delete", "disable"}
_SENDING = {"send", "schedule", "post", "deliver", "dm", "message", "remind", "subscribe", "email", "mail"}
_LEADING = {
    *_SENDING, "please", "can", "could", "would", "will", "you", "i", "i'd", "like", "want", "need", "to", "get",
    "have", "me", "give", "show", "tell", "us", "let", "know", "hey", "hi", "hello", "set", "up", "notify",
}  # fmt: skip
_IN_ENDING = {
    *FILLER, *_ENDING, *_NOUNS, *_REPORTS, *_SENDING, "sending", "posting", "off", "from", "all", "these", "those",
    "my", "me", "us", "our", "i", "i'm", "don't", "daily", "weekly", "monthly", "every", "each", "day", "week", "month",
    "more", "here", "channel", "team", "team's", "number", "no", "by", "anymore", *WEEKDAYS,
    *(f"{day}s" for day in WEEKDAYS),
}  # fmt: skip
"""What may stand beside these and says no more than that something is to be sent no longer."""
_ASKING = {
    "how", "what", "what's", "which", "who", "who's", "when", "why", "where", "did", "do", "does", "is", "are", "was",
    "were",
}  # fmt: skip
_DAYS = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_CLOCK = r"(?: at)? (?:\d{1,2}(?:[:.]\d\d)? ?(?:[ap]\.?m\.?)?|noon|midnight)(?: o'clock)?"
_ON_CERTAIN_DAYS = re.compile(
    rf"(?<!\S)(?:every|each) (?:morning|weekday|workday|{_DAYS})s?(?!\S)"
    rf"|(?<!\S)(?:(?:every|each) (?:day|week|month)|daily|weekly|monthly){_CLOCK}(?!\S)"
)
"""What says when a report is sent, and nothing else."""
_OFTEN = re.compile(
    rf"(?<!\S)(?<!for )(?<!by )(?<!per )(?:every|each) (?:day|week|month|other)(?!\S)"
    rf"|(?<!\S)(?:daily|weekly|monthly|weekdays|workdays)(?!\S)|(?<!\S)on (?:{_DAYS})s(?!\S)"
)
_NOT_SO_OFTEN = re.compile(  # which no schedule is
    r"(?<!\S)(?:every|each) (?:hour|quarter|year|(?:other|second|third|few|two|three|four|\d{1,2}) \S+)(?!\S)"
    r"|(?<!\S)(?:once|twice|\w+ times) (?:a|per|every) \S+"
    r"|(?<!\S)(?:hourly|quarterly|yearly|annually|biweekly|bi-weekly|fortnightly)(?!\S)"
)
_REPORT_AT = re.compile(
    rf"(?<!\S)(?:daily|weekly|monthly) (?:\S+ )?(?:{'|'.join(_REPORTS)})(?: \S+){{0,20}}?"
    rf"(?: on (?:the 1st|the first|(?:{_DAYS})s?)(?!\S)|{_CLOCK})",
)
_HERE = re.compile(r"(?<!\S)(?:in |to )?(?:here|(?:this|the) channel)(?!\S)", re.IGNORECASE)
_TO_ME = re.compile(r"(?<!\S)(?:to me|(?:in|by|as|via|to) (?:a |my )?dms?)(?!\S)", re.IGNORECASE)
_SEND_ME = re.compile(r"(?<!\S)(?:please )?(?:send|give|show|tell|dm|message) me(?!\S)", re.IGNORECASE)
_COURTESY = re.compile(r"(?: (?:please|pls|thanks|thank you|thx))+$", re.IGNORECASE)
_OFTEN_ALONE = re.compile(rf"(?:{_ON_CERTAIN_DAYS.pattern})(?:{_CLOCK})?")
_ANY_OFTEN_ALONE = re.compile(
    rf"(?:(?:something|anything|stuff|the news|news) )?(?:{_ON_CERTAIN_DAYS.pattern}|{_OFTEN.pattern})(?:{_CLOCK})?"
    r"(?: (?:something|anything|stuff))?"
)
"""How often, without what; `something` is nothing more."""
"""What is asked to be sent regularly by a line that says only how often: what was answered just before."""
_NOTHING = re.compile(r"(?<!\S)(?:something|anything|stuff|the news|news)(?!\S)", re.IGNORECASE)
_POINTING = re.compile(r"(?:this|that|it|these|those) (?:every|each|on|daily|weekly|monthly|weekdays|workdays)(?!\S)")
"""What points to the answer before, whosever it was."""
_SUMMARY = re.compile(
    r"(?:(?:please|can|could|may|i|we|get|have|see|give|show|me|us|want|need|like|i'd|a|the|my|our|team|team's) )*"
    rf"(?P<often>daily|weekly|monthly) (?:{'|'.join(_REPORTS)})"
)
"""What is wanted once, or regularly."""
_STOP = re.compile(
    r"(?:(?:please|ok|no) )*(?:(?:stop|cancel|quit|end|pause)"
    r"(?: (?:it|that|this|them|those|sending|posting|me|now|please|already|everything|all|the|messages))*"
    r"|(?:don't|dont|do not|never|no need to) (?:send|post|dm|message|mail)(?: (?:it|that|this|them|me|us|to|here))+"
    rf"(?: (?:anymore|any more|again|every|each|{_DAYS}|day|week|month))*"
    rf"|(?:no more|enough)(?: of)?(?: (?:the|these|those|your|daily|weekly|monthly))*"
    rf"(?: (?:{'|'.join(sorted(_REPORTS))}|messages|dms|posts))?)(?: (?:please|thanks|now))*"
)
"""That something is not to be sent any more."""
_OF_NUMBER = re.compile(
    r"(?:(?:please|can|could|would|will|you|i|want|need|to|i'd|like|ok|hey|hi|now|just|no) ){0,6}"
    rf"(?:{'|'.join(sorted(_ENDING))})"
    r"(?: (?:sending|posting|me|us|off|from|with|the|my|our))*"
    r"(?: (?:subscription|report|summary|overview|recap|update|number|no|nr|#))+ ?#?(?P<number>\d{1,7})"
    r"(?: (?:off|now|anymore|any more|please|pls|thanks|thx|thank you))*",
    re.ASCII,
)
"""What names one subscription to be ended, in a line that says nothing else."""
_HAS_DIGIT = re.compile(r"\d")
_MOVING = {"move", "change", "switch", "shift", "reschedule"}
_TO_DAYS = rf"(?:(?:on|every|each) )*(?:{_DAYS}|day|weekday|workday|week|month|morning)s?|daily|weekly|monthly"
_CHANGING = re.compile(
    rf"(?:(?:please|can|could|would|you|i'd|like|want|to|actually|no|ok|hey) ){{0,5}}"
    rf"(?:(?P<verb>send|post|do|make|have|get|give|{'|'.join(sorted(_MOVING))}) (?:me )?"
    rf"(?:(?:it|that|this|them|those|(?:the|my|our) (?:\S+ )?(?:{'|'.join(sorted(_REPORTS | _NOUNS))}))"
    rf"|(?:subscription )?#?(?P<number>\d{{1,7}})) )?(?:to )?"
    rf"(?P<when>(?:{_TO_DAYS})(?:{_CLOCK})?|at{_CLOCK}|\d{{1,2}}[:.]\d\d(?: ?[ap]m)?|\d{{1,2}} ?[ap]m)"
    r"(?P<instead> (?:instead|rather|from now on))?"
)
"""At which other times something is to be sent, in a line that says nothing else."""
_REPEATED = re.compile(rf"(?<!\S)(?:every|each|daily|weekly|monthly|(?:{_DAYS}|weekday|workday)s)(?!\S)")


def subscription_line(words: list[str], texts: list[str]) -> str | None:
    """Return the command about subscriptions that the words of a line ask for; None if they ask for none.

    `texts` are the words in lower case. What is to be sent, and when, stays as typed.
    """
    if texts[0] in {"subscribe", "subscriptions"}:
        return None  # a command already
    if _STOP.fullmatch(" ".join(texts)):
        return "unsubscribe"
    if _is_ending(texts):
        return _end(words)
    if _is_listing(texts):
        return "subscriptions"
    if summary := _SUMMARY.fullmatch(_COURTESY.sub("", " ".join(texts))):
        whose = "team " if {"us", "we", "our", "team", "team's"} & set(texts) else ""
        return f"subscribe ask {whose}{summary['often']}"
    return _change(texts) or (_order(words) if _is_order(texts) else None)


def _is_ending(texts: list[str]) -> bool:
    verbs = _ENDING if _NOUNS & set(texts) else _STOPPING
    is_about_reports = bool({*_NOUNS, *_REPORTS, "sending", "posting"} & set(texts))
    return is_about_reports and any(text in verbs for text in texts[:3])


def _end(words: Sequence[str]) -> str:
    """Return the command that ends a subscription, with the words that are not known to say no more than that.

    A number is a subscription's only where the line names one by it: `the last 7 days` and `at 9` don't.
    """
    if numbered := _OF_NUMBER.fullmatch(" ".join(words).lower()):
        return f"unsubscribe {numbered['number']}"
    others = [word for word in words if not _HAS_DIGIT.search(word) and word.lower() not in _IN_ENDING]
    return " ".join(["unsubscribe", *others])


def _change(texts: list[str]) -> str | None:
    """Return the command that posts an answer at other times: `send it on fridays instead`, `move 2 to 10:00`."""
    said = _COURTESY.sub("", " ".join(texts))
    found = _CHANGING.fullmatch(said)
    if found is None:
        return None
    verb, is_repeated = found["verb"], bool(_REPEATED.search(found["when"]))
    is_made = verb == "make" and (is_repeated or any(letter.isdigit() for letter in found["when"]))
    if not (is_made or verb in _MOVING or (found["instead"] and (verb or is_repeated))):
        return None
    return " ".join(filter(None, ["reschedule", found["number"], found["when"]]))


_WHAT_IS_SENT = re.compile(
    r"(?:what|which (?:reports?|messages|answers)|when)"
    r"(?: (?:else|all|exactly|reports?|messages|answers|days?|times?))?"
    r" (?:do|are|will|did) you"
    r" (?:send|sending|post|posting|dm)"
    r"(?: (?:me|us|here|to|regularly|every|each|day|week|month|in|on|this|channel))*"
)


def _is_listing(texts: list[str]) -> bool:
    if _WHAT_IS_SENT.fullmatch(" ".join(texts)):
        return True
    is_about_them = bool(_NOUNS & set(texts)) or "scheduled" in texts
    return is_about_them and all(text in _LISTING for text in texts)


def _is_order(texts: list[str]) -> bool:
    if texts[0] in _ASKING:
        return False  # `how much did we spend every monday`
    said = " ".join(texts)
    if _ON_CERTAIN_DAYS.search(said) or _REPORT_AT.search(said):
        return True
    asked = next((text for text in texts if text not in _LEADING - _SENDING), "")
    if _NOT_SO_OFTEN.match(said) and _SENDING & set(texts):
        return True
    is_often = _OFTEN.search(said) or _NOT_SO_OFTEN.search(said)
    return asked in _SENDING and bool(is_often or asked in {"schedule", "subscribe"})


def _order(words: list[str]) -> str:
    """Return the command: what is not to be posted here goes to whoever asks."""
    begun = next((place for place, word in enumerate(words) if word.lower() not in _LEADING), len(words))
    opening = {word.lower() for word in words[:begun]}
    said = _COURTESY.sub("", " ".join(words[begun:]))
    is_of_before = opening <= {"please"} and _OFTEN_ALONE.fullmatch(said.lower())
    rest = f"this {said}" if is_of_before else _SEND_ME.sub("", said)
    is_here = bool(_HERE.search(rest)) or "us" in opening
    rest = " ".join(_TO_ME.sub("", _HERE.sub("", rest)).split())
    whose = "team" if "us" in opening and not _POINTING.match(rest.lower()) else ""
    what = "ask what" if _ANY_OFTEN_ALONE.fullmatch(rest.lower()) else ""
    if what:
        rest = _NOTHING.sub("", rest).strip()
    return " ".join(filter(None, ["subscribe", what, "" if is_here else "dm", whose, rest]))
