"""Failure causes: why a task failed, in words that anybody may read; nothing of the error's own text is in them."""

import re
from enum import StrEnum


class FailureCause(StrEnum):
    """Why a task failed. The value is the words for it, which stand after a colon or in a list."""

    CAP = "Neo's cap reached"
    CREDITS = "out of credits"
    CONTEXT = "context too long"
    TOOL = "a tool failed"
    RATE_LIMIT = "rate limited"
    REFUSAL = "refused by the model"
    SIGN_IN = "sign-in refused"
    TIMEOUT = "timed out"
    NETWORK = "network error"
    OTHER = "other error"

    @property
    def is_known(self) -> bool:
        """Whether it says more than that something went wrong."""
        return self is not FailureCause.OTHER


def _http(*codes: int) -> str:
    """Return a pattern of HTTP codes where a text names them as such, not as any number."""
    return (
        r"(?:http|status|code|error|answered|returned|failed|got|http/[\d.]{1,3})\W{1,4}"
        rf"(?:{'|'.join(map(str, codes))})\b"
    )


# The first that matches counts: what Neo or the account forbids, then whose step failed, then how it failed.
# A tool that timed out or was not let in is a tool that failed.
_PATTERNS = {
    FailureCause.CAP: r"spending[ _]cap",
    FailureCause.CREDITS: (
        r"insufficient[ _](?:\w{1,20}[ _])?(?:credits?|funds|balance|quota)|out of credits|no credits (?:left|remain)"
        r"|credits? (?:are |is )?(?:exhausted|used up)|balance is too low|exceeded your current quota|payment required"
        r"|billing[ _](?:hard[ _]limit|error|not)|api usage limits|" + _http(402)
    ),
    FailureCause.CONTEXT: (
        r"context[ _-]?(?:length|window|size|limit)|maximum context|(?:prompt|input|conversation) (?:is|was) too long"
        r"|reduce the length of|input token count|maximum (?:number of |allowed )?(?:input |prompt )?tokens"
    ),
    FailureCause.TOOL: (
        r"\btool\b[^.:\n]{0,60}\b(?:failed|failures?|crashed|exited|errored|error|timed out|unavailable|not found)\b"
        r"|\btool ?(?:error|exception|failure)|\btool_(?:error|failure)|\bmcp (?:server|error|tool)"
        r"|exit(?:ed with)? (?:code|status) [1-9]|container\b.{0,60}\bkilled"
    ),
    FailureCause.RATE_LIMIT: (
        r"rate[ _-]?limit|too[ _]many[ _]requests|throttl|overloaded|resource[ _]?exhausted|quota exceeded"
        r"|(?:tokens|requests) per (?:min|day|hour|sec)|" + _http(429, 529)
    ),
    FailureCause.REFUSAL: (
        r"content[ _](?:policy|filter|management)|responsible ?ai|safety (?:system|filter|settings?|polic|reason)"
        r"|guardrail|usage polic|violat\w{1,4} .{0,40}polic|(?:was|been) flagged|model (?:has )?refused|\brefusal\b"
        r"|refused to (?:answer|comply|continue|help)|can(?:no|['\u2019])t (?:assist|help) with"
        r"|finish_?reason\W{1,4}safety"
    ),
    FailureCause.SIGN_IN: (
        r"unauthori[sz]ed|unauthenticated|forbidden|authentication|(?:invalid|incorrect|expired|missing|revoked)"
        r" (?:x-)?(?:api[ _-]?key|access token|token|credentials?|password|login)|invalid_(?:api_key|grant|token|auth)"
        r"|\btoken\b.{0,60}\b(?:expired|revoked)|credentials? (?:have |has )?expired|login (?:failed|required)"
        r"|(?:access|permission)[ _]denied|permission_error|" + _http(401, 403)
    ),
    FailureCause.TIMEOUT: (
        r"time[ds]?[ _-]?out|deadline[ _]exceeded|etimedout"
        r"|(?:did not|didn['\u2019]t|no) (?:answer|respond|response|reply)\w{0,3} within"
        r"|maximum (?:execution|run) ?time|" + _http(408, 504)
    ),
    FailureCause.NETWORK: (
        r"connection ?(?:was |is )?(?:refused|reset|closed|error|aborted|lost|failed|broke)|econn\w|enotfound|eai_again"
        r"|network (?:error|failure|problem|issue|is unreachable|unreachable|connection)|no such host|broken pipe"
        r"|(?:not|cannot|failure in) (?:resolve|name resolution)|name or service not known|host (?:is )?unreachable"
        r"|socket hang up|certificate (?:verif|has expired|is not|error)|ssl error|tls handshake|dial tcp"
        r"|bad gateway|service (?:is )?(?:temporarily )?unavailable|err_(?:connection|name|internet|ssl|network)\w"
        r"|apiconnectionerror|unexpected eof|" + _http(502, 503)
    ),
}  # fmt: skip
_COMPILED = {cause: re.compile(pattern) for cause, pattern in _PATTERNS.items()}
_LEADING_CODE = re.compile(r"\s*([a-z][a-z_]{2,50})\s*(?::|$)")
_READ = 1_000  # characters of the beginning, and as many of the end, where a traceback says what went wrong


def failure_cause(status: str, error: str | None, code: str | None = None) -> FailureCause:
    """Return why a task failed.

    A code counts before the text, be it given as `code` or as the word that the text begins with
    (`user_spending_cap_reached: ...`); the text counts before the status.

    Args:
        status: how the task ended, as Neo says.
        error: the whole text of its error, which may hold anything.
        code: an error code of Neo's, if one is known.
    """
    text = _bounded(error or "").lower()
    leading = _LEADING_CODE.match(text)
    for each in ((code or "").lower(), leading[1] if leading else "", text, _bounded(status).lower()):
        if cause := next((cause for cause, pattern in _COMPILED.items() if pattern.search(each)), None):
            return cause
    return FailureCause.OTHER


def _bounded(text: str) -> str:
    return text if len(text) <= 2 * _READ else f"{text[:_READ]}\n{text[-_READ:]}"
