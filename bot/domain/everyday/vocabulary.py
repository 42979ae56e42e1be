"""The vocabulary of everyday questions: words that mean a of the query language, and words that mean nothing."""

from typing import Final

from bot.domain.everyday.phrase_sets import PhraseSet
from bot.domain.query.keyed_tokens import SYNONYMS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLER: Final = _words(
    """
    a about accountant accountants accounting actual actually again also altogether am amount amounts an and any
    anything anyway approximately are as at bad been being big bill billed bills blew bloody blow blown bookkeeping
    boss both breakdown bring burn burned burning burnt can cash cfo changed charged check cheers combined consumed
    consumption cost costing costs could crap credits currently damn damned data details did display do does doing
    dollars down during exactly expense expenses far fetch figures finance find folks for fuck fucked fucking generate
    get give go goddamn goes going gone got grand grew grow growing guys had happened happening has have hell hello
    hey hi high hiya hm hmm holy how how're how's hows i i'd in increase increased increasing into invoice invoices
    invoiced is it its jeez jump jumped just kindly know let like list lol look lookup made make management manager
    many maybe money much my need neo neo's now number numbers of oh ok okay omg on only or overall overview paid pay
    paying please pls plz pretty pull query question quick quickly ran rank ranked ranking really recap report reports
    results right rise rising rose roughly run runs see shit shitty show shows so some sorry spend spending spending's
    spends spent spike spikes spiked statistics stats still sum summarize summary sums teh tell thank thanks that the
    their there there's this thx to total totals u ugh uh um up update updates usage usd use used using very want was
    waste wasted way well went were what what's whats which whole entire with would wow wtf yeah yep yes you your
    damage single wat da
    """
)
"""Words that may stand between the phrases of a question and change nothing of it."""
FILLER_PHRASES: Final = PhraseSet((
    ("i", "mean"), ("i", "meant"), ("find", "out"), ("i", "was", "wondering"), ("i", "am", "wondering"),
    ("i'm", "wondering"), ("i", "wonder"), ("any", "idea"), ("lemme",), ("what'd",), ("wanna", "see"),
    ("wanna", "know"),
))  # fmt: skip
"""Phrases that change nothing of a question, though their single words might."""

GROUPS: Final = {
    word: name
    for name, words in {
        "member": "member members user users person people persons teammate teammates colleague colleagues employee "
        "employees engineer engineers head who whom individual individuals email emails",
        "model": "model models llm llms",
        "status": "status statuses state states outcome outcomes",
        "day": "day days date dates",
        "week": "week weeks",
        "month": "month months",
        "tool": "tool tools",
        "agent": "agent agents",
    }.items()
    for word in _words(words)
}
"""What answers are split by, by the words for it."""

AVERAGE: Final = _words("average averages avg averaged averaging")
"""What asks for an average, as `the mean` does."""
AVERAGED_NOUNS: Final = _words("per cost costs spend spending price daily weekly monthly task")
"""What stands behind `mean` where that asks for an average, not for what a word means."""
AVERAGED: Final = {
    word: unit
    for unit, words in {
        "day": "day daily",
        "week": "week weekly",
        "month": "month monthly",
        "task": "task job",
        "member": "person member user teammate colleague employee engineer head",
    }.items()
    for word in _words(words)
}
"""For each of what there is an average, by the words for one of it."""
ADVERBS: Final = {"daily": "day", "weekly": "week", "monthly": "month"}
BY: Final = PhraseSet((
    ("broken", "down", "by"), ("break", "down", "by"), ("breakdown", "by"), ("split", "by"),
    *((verb, it, *down, "by") for verb, down in (("break", ("down",)), ("split", ()), ("group", ()), ("sort", ()))
      for it in ("it", "this", "that", "them")),
    ("grouped", "by"),
    ("group", "by"), ("sorted", "by"), ("sort", "by"), ("ordered", "by"), ("order", "by"), ("ranked", "by"), ("by",),
    ("per",), ("each",), ("every",), ("for", "each"),
    ("--by",), ("-by",), ("--group-by",), ("groupby",), ("group",), ("which",), ("what",),
))  # fmt: skip
"""What stands before a group."""

EACH_OF_THEM: Final = PhraseSet(
    (*each, "of", *whom)
    for each in (("each",), ("each", "one"), ("every", "one"))
    for whom in (("us",), ("you",), ("the", "team"), ("our", "team"), ("my", "team"))
)
"""What asks for the total of each person."""

SORTED_BY: Final = _words("spend spending spent cost costs price amount amounts money")
"""What stands behind `by` and is no group, as answers are sorted by it."""
MOST: Final = _words("top limit most biggest largest highest worst expensive priciest costliest dearest costly")
TASKS: Final = _words("task tasks job jobs")
SHARE: Final = PhraseSet((
    ("share", "of"), ("shares", "of"), ("percentage", "of"), ("percent", "of"), ("%", "of"), ("proportion", "of"),
    ("portion", "of"), ("what", "share"), ("what", "percentage"), ("what", "percent"), ("what", "%"),
    ("how", "much", "of"), ("how", "many", "of"),
))  # fmt: skip
"""What asks for a of the whole."""
SPEND_NOUNS: Final = _words("spend spending cost costs usage bill amount amounts expenses sum money")
OF_THE_WHOLE: Final = PhraseSet(
    ("of", *whose, whole) for whose in (("the",), ("our",), ("my",), ("all", "the")) for whole in ("total", "whole")
)
"""What stands behind a of the whole: `how much is opus of the total`."""
NUMBER: Final = PhraseSet((("how", "many"), ("how", "much"), ("number", "of"), ("count",), ("counting",)))
"""What asks for a number, not for a list."""
NUMBER_OF_TASKS: Final = PhraseSet(
    (*the, *phrase)
    for the in ((), ("the",))
    for phrase in (
        *((number, "of", tasks) for number in ("number", "count", "amount") for tasks in ("tasks", "jobs", "runs")),
        *((task, "count") for task in ("task", "tasks", "job", "run")),
    )
)
"""What stands behind `by` where the most tasks are to stand first."""
TREND: Final = PhraseSet((
    ("trend",), ("trends",), ("trendline",), ("over", "time"), ("chart",), ("charts",), ("graph",), ("graphs",),
    ("plot",), ("timeline",),
))  # fmt: skip
"""What asks for an answer by day, if it is not by another time."""
SPENDERS: Final = _words("spender spenders consumer consumers offender offenders burner burners")

FAILURES: Final = _words("failed failing fails failure failures unsuccessful")
STATUSES: Final = {
    word: status
    for status, words in {
        "completed": "complete finished succeeded successful success done",
        "error": "errored",
        "aborted": "cancelled canceled stopped",
    }.items()
    for word in _words(words)
}
"""Statuses of tasks, by the words for them; each counts only where there is such a status."""

NOT: Final = _words("not except excluding without no exclude minus but non besides")
LEAVING_OUT: Final = PhraseSet((
    *((word,) for word in sorted(NOT)), ("except", "for"), ("not", "for"), ("but", "for"), ("but", "not"),
    ("apart", "from"), ("aside", "from"), ("other", "than"), ("leaving", "out"), ("leave", "out"), ("not", "counting"),
    ("not", "including"), ("without", "counting"), ("besides", "for"), ("and", "not"), ("without", "any"),
))  # fmt: skip
"""What stands before whom or what is left out."""
SEARCHING: Final = PhraseSet((
    ("search",), ("search", "for"), ("containing",), ("mentioning",), ("titled",),
    *(
        (*tasks, *named)
        for tasks in (("task",), ("tasks",))
        for named in (("named",), ("called",), ("titled",), ("containing",), ("that", "contain"), ("mentioning",))
    ),
))  # fmt: skip
"""What stands before a word that is searched for in the titles of tasks."""
OWN_KEYS: Final = PhraseSet(
    (
        ("byok",),
        *(
            (*whose, *kind, keys)
            for whose in (("own",), *((word, "own") for word in ("our", "my", "their", "your", "the", "team's")))
            for kind in ((), ("model",), ("api",), ("llm",))
            for keys in ("key", "keys")
        ),
    )
)
"""What names the tasks on keys of the team's own."""
JOINTS: Final = _words("and or nor & + plus n")
"""What stands between two names."""
JOINING: Final = JOINTS | _words("/ |")
"""What stands between two times that are compared, if nothing else does."""
EVERYBODY: Final = _words("everyone everybody all anyone anybody")
US: Final = _words("us we")
"""Words for all people: of each of them, or of all together, which is asked back where a limit is to be set."""
ONESELF: Final = _words("me myself mine my i i'm i've")
"""Words for whoever writes them."""
TELLING: Final = _words(
    "show showing tell telling give giving get getting send sending let for to bring fetch find pull list remind help"
    " dm mail email ask around about"
)
"""What stands before `me` where that is not meant as one of several people."""

WHY: Final = PhraseSet((
    ("why",), ("whys",), ("how", "come"), ("where",), ("reason",), ("reasons",), ("drivers",), ("what", "happened"),
    ("what", "changed"), ("what", "caused"), ("what", "causes"), ("what", "drove"), ("what", "drives"),
    ("what", "is", "driving"), ("explain", "why"),
))  # fmt: skip
"""What asks for that of which a total is made up."""

COMPARING: Final = _words("compare comparing difference differences")
VERSUS: Final = COMPARING | _words("vs versus vs. against compared than")

CHEAPER: Final = _words("cheaper pricier costlier")
MORE_OR_LESS: Final = CHEAPER | _words("more less higher lower")
LEAST: Final = _words("least lowest smallest cheapest fewest")
BEFORE: Final = (
    ("one", "before"), ("previous", "one"), ("previous", "period"), ("prior", "period"), ("period", "before"),
    ("time", "before"), ("before",),
)  # fmt: skip
"""What time is meant by that just before another one."""

BEFORE_NAMES: Final = _words("did does do has have is was what how can")
SPENDING: Final = _words("spend spent spending spends use used using usage cost costs run ran burn burned do done")
"""What stands before and after somebody's name in a question about them."""

MEANINGS: Final = {
    word: meaning
    for meaning, words in {
        "team": "team teams team's all we our us everyone everybody everyone's everybody's anyone anybody company org "
        "organization organisation colleagues coworkers workspace everything",
        "me": "me my mine myself own i i'm i've",
        "csv": "csv export exported download downloaded spreadsheet excel file",
        "rows": "rows",
        "by:member": "member members user users person people persons teammate teammates who whom who's whos who'd "
        "individual spenders",
        "by:model": "model models llm llms",
        "by:tool": "tool tools",
        "by:agent": "agent agents",
        "": "- -- & + / | * over across within during plus nor n each together separately individually jointly uses",
    }.items()
    for word in _words(words)
}
"""What single words mean in the query language."""

KEYS: Final = SYNONYMS | {
    "person": "email", "mail": "email", "group_by": "by", "per": "by", "text": "search", "title": "search",
    "start": "from", "till": "to", "end": "to", "llm": "model", "after": "after", "before": "before",
}  # fmt: skip
"""Keys of filters as other tools call them."""

UNITS: Final = _words("day days week weeks month months quarter quarters year years")
NEED_TIME: Final = _words("last past previous prior recent since after from until till through thru between")
"""What is nothing without a time."""

_NO_FORECAST = "I only know what was spent. `/neo-usage` alone shows this month's forecast."
_NO_PART_OF_DAY = "I don't know parts of a day. Try `yesterday`, or hours, such as `yesterday 9am to noon`."
_NO_MINUTES = "The shortest time is an hour: `1h`."
_NO_LATEST = "I list the most expensive tasks first, and can't list the latest. Try `today rows`."
_NO_UNDOING = "I can't undo. `budgets` and `subscriptions` show what is set, and each can be changed."
_NO_MEDIAN = "I know averages, but not medians. Try `average per task last week`."
_NO_WEEKDAY_AVERAGE = "I average all days of a time, not one kind of day. Try `average per day last month`."
_NO_KINDS_OF_DAY = "I can't pick kinds of days. `last month by:day` shows each day."
_NO_FISCAL = "I know days, weeks, months, quarters and years of the calendar. Try `q4`, or `nov 1 to nov 14`."
_NO_CAUSES = "I can't filter by what went wrong. `errors` shows the causes, and how many tasks failed of each."
_NO_MEANING = "I can't explain single words. `help` shows what you can ask, and how."
_NO_SPEND = "I only list who spent something. People who aren't in `by:member` spent nothing."
_NO_CANCELING = "To stop a subscription, type `unsubscribe`. To remove a budget, type `budget @ana remove month`."
_NO_SUCH_STATUS = "No task that I've read has this status. `by:status` shows how many ended in which."
_NO_RUNNING_TOTAL = "I can't add up from day to day. `by:day` has the total of each day."
_NO_DURATIONS = "I list tasks by what they cost, not by how long they took. Try `rows`."
_NO_CHANGE_ALONE = "Each answer says how its total changed against the time before. Try `this week` or `last month`."
_NO_HOURS = "I can't split by the hour. Try `by:day`, or hours, such as `yesterday 9am to noon`."
_NO_ANOMALIES = "I can't search for unusual spend. `this month by:day` shows which days stand out."
_NO_RATES = "I know averages, and a forecast of this month. Try `average per day this month`, or `forecast`."
_NO_DIGEST = "Type `digest` to see this morning's. It covers the day before."
OPERATORS_SEE: Final = "Operators see everybody's spend and set budgets. Everybody else sees their own spend only."
_DOLLARS = "Amounts are in US dollars. One Neo credit is $10, and answers show both."
NO_AMOUNTS: Final = "I can't leave tasks out by what they cost. Try `rows`: the most expensive stand first."
"""That `tasks over $10` asks for something else than there is."""
NO_ADDING: Final = (
    "I can't add to a limit. Type the new one: `budget request 500/month` for yours, or `budget @ana 500/month`."
)
"""That `give ana 20 more` names no limit."""
EXPLAINED: Final = {
    word: reason
    for reason, words in {
        _NO_FORECAST: "tomorrow next will upcoming forecast forecasts projected projection projections predicted "
        "prediction predictions estimated estimate estimates",
        _NO_SPEND: "hasn't haven't hasnt havent nothing nobody inactive idle",
        _NO_CANCELING: "cancel stop",
        _NO_DIGEST: "digest digests",
        _NO_SUCH_STATUS: "running queued pending stuck hanging ongoing unfinished",
        _NO_DURATIONS: "longest slowest fastest shortest duration durations runtime runtimes",
        _NO_CHANGE_ALONE: "change changes delta deltas growth",
        _NO_HOURS: "hourly",
        _NO_RUNNING_TOTAL: "cumulative",
        _NO_ANOMALIES: "anomaly anomalies outlier outliers unusual",
        OPERATORS_SEE: "operator operators admin admins administrator administrators",
        _NO_PART_OF_DAY: "morning afternoon evening night tonight midday overnight",
        _NO_KINDS_OF_DAY: "weekday weekdays workday workdays weekends",
        _NO_FISCAL: "fiscal sprint sprints payday",
        _NO_CAUSES: "timeout timeouts",
        _NO_MINUTES: "minute minutes min mins second seconds",
        _NO_LATEST: "latest newest",
        NO_AMOUNTS: "above below",
        NO_ADDING: "double triple halve subtract deduct",
        _NO_UNDOING: "undo revert rollback redo",
        _NO_MEDIAN: "median medians",
        _NO_MEANING: "mean means meant meaning define",
        _DOLLARS: "credit euro euros eur pounds gbp yen currency \u20ac \u00a3",
    }.items()
    for word in _words(words)
}
"""Why a word is understood, and yet nothing can be answered."""
_NO_IDENTITY = "I know people by their Slack e-mail, or by a link that an operator set. `me` asks for your own spend."
_NO_OTHER_DAY = "I don't know which day that was. Name it, such as `yesterday` or `tuesday`."
_NO_CHANGES = (
    "I can't rank by change. `last week by:member` has the totals, and each answer says how the total changed."
)
_WHO_SEES = (
    ("who", "can", "see"), ("who", "sees"), ("who", "else", "can", "see"), ("who", "can", "view"),
    ("who", "may", "see"), ("who", "has", "access"), ("can", "others", "see"), ("can", "anyone", "see"),
    ("can", "everyone", "see"), ("can", "other", "people", "see"), ("can", "anybody", "see"),
    ("can", "everybody", "see"),
)  # fmt: skip
_CHANGED_MOST = (
    *((verb, *most) for verb in _words("grew increased rose jumped changed") for most in (("most",), ("the", "most"))),
    *((most, noun) for most in _words("biggest largest") for noun in _words("jump increase rise change growth")),
    ("went", "up", "most"), ("went", "up", "the", "most"), ("gone", "up", "the", "most"),
)  # fmt: skip
_NO_DECIDING = (
    "Operators approve or decline a request by its buttons, in a DM from me or in App Home."
    " Whoever asked gets a DM then."
)
_KINDS_OF_DAY = _words(
    "monday tuesday wednesday thursday friday saturday sunday weekday weekdays weekend weekends workday workdays"
    " working"
)
_REQUESTS = (
    ("cancel", "my", "request"), ("cancel", "the", "request"), ("withdraw", "my", "request"), ("my", "request"),
    ("my", "requests"), ("approve",), ("approved",), ("decline",), ("declined",),
)  # fmt: skip
EXPLAINED_PHRASES: Final = {
    **dict.fromkeys(_REQUESTS, _NO_DECIDING),
    ("the", "other", "day"): _NO_OTHER_DAY,
    **dict.fromkeys((("business", "days"), ("working", "days"), ("work", "days")), _NO_KINDS_OF_DAY),
    **dict.fromkeys((("timed", "out"), ("rate", "limited"), ("rate", "limits"), ("rate", "limit")), _NO_CAUSES),
    ("pay", "period"): _NO_FISCAL,
    ("who", "am", "i"): _NO_IDENTITY,
    ("whoami",): _NO_IDENTITY,
    ("in", "progress"): _NO_SUCH_STATUS,
    ("running", "total"): _NO_RUNNING_TOTAL,
    ("running", "totals"): _NO_RUNNING_TOTAL,
    **dict.fromkeys((("burn", "rate"), ("run", "rate"), ("spend", "rate"), ("spending", "rate")), _NO_RATES),
    **dict.fromkeys(_WHO_SEES, OPERATORS_SEE),
    **dict.fromkeys(_CHANGED_MOST, _NO_CHANGES),
    **{(*the, "average", day): _NO_WEEKDAY_AVERAGE for day in _KINDS_OF_DAY for the in ((), ("the",))},
}
"""Why a phrase is understood, and yet nothing can be answered."""
NOT_LATEST: Final = _NO_LATEST

_COMMON: Final = _words("yesterday today last week month spend spent total cost costs usage since between average")
KNOWN: Final = tuple({*GROUPS, *ADVERBS, *MEANINGS, *MOST, *TASKS, *STATUSES, *FAILURES, *_COMMON})
"""Words that a misspelt one may have been meant to be, besides those of `CALENDAR`."""
CALENDAR: Final = tuple(
    _words(
        """
        january february august september october november december monday tuesday wednesday thursday friday saturday
        sunday weekend weekends week weeks month months quarter quarters year years day days today yesterday previous
        """
    )
)
"""Words of times that a misspelt one may have been meant to be; people may be called like some of them."""
SPELT_SO: Final = _words(
    """
    alls ally augusta auguste book cast coast coat coats complex cosh costa daisy dont dune engine engines expected
    expert expired extensive fail falling falls filed fill film fine finish fire five fridays furnished heap hear
    heard heat held lest limits lost mast mike mime mind mini mist mite modal mode modes moist moth mouth mouths
    must oven owns peoples persona plug plugs plush previews quarterly send sender senders sent separate separated
    shopped slate speed spender stage stages stake stale stat stated statue statute stepped stopper sundae sundar
    sundry talk tank tanks teal tear term terms toll tonal took tram usher weak weed whoa worse yearn
    """
)
"""Words spelt as they were meant, though a letter off one that is known."""
