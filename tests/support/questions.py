"""The questions that the README has as examples."""

QUESTIONS = (
    "",
    "team yesterday by:member",
    "@priya 30d by:model status:error,failed",
    "team last month by:week byok:no",
    "team 14d by:day",
    "by:member,model top:8",
    "team 30d rows top:5",
    "team 7d by:tool top:8",
    "team 7d search:marcus -status:completed by:status",
)
