"""Says above an answer how a line in everyday words was understood, so that one learns the command."""

from dataclasses import replace

from bot.slack.requests import Request
from bot.slack.responders import UnderstoodResponder
from bot.slack.templates import Templates


def announced(request: Request, line: str, templates: Templates) -> Request:
    """Return a request whose answers say that it was understood as `line`; one in a command's words as it is."""
    if not request.in_everyday_words:
        return request
    understood = templates.render("usage/understood", line=line)
    return replace(request, responder=UnderstoodResponder(request.responder, understood))
