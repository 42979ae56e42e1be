"""The error messages of simulated tasks, with ids, hosts and times that differ each time."""

from datetime import datetime, timedelta
from random import Random

from bot.sandbox.workloads import HOSTS

OVERLOADED = "llm gateway 10.{a}.{b}.{c}:8443 answered 529 overloaded_error at {time} (request_id: req_{request})"
TOO_LONG = "llm request failed: context length {tokens} exceeds the maximum of 200000 tokens"
NO_HEARTBEAT = "sandbox sbx-{short} did not answer within {seconds}s (last heartbeat {time})"
SPENDING_CAP = "user_spending_cap_reached: monthly spending cap reached for {email}, resets {reset}"
NO_CREDITS = "insufficient_neo_credits: balance {balance}, at least {needed} required to continue"
UPFRONT_ERRORS = frozenset({SPENDING_CAP, NO_CREDITS})  # these may stop a task before its first step

COMMON_ERRORS = (
    OVERLOADED,
    "llm request failed: 429 rate_limit_error: retry after {seconds}s (request_id: req_{request})",
    TOO_LONG,
    NO_HEARTBEAT,
    "planner gave up after 5 consecutive tool failures (trace {request})",
    SPENDING_CAP,
    NO_CREDITS,
)
TOOL_ERRORS = {
    "browser": "tool browser failed: net::ERR_CONNECTION_TIMED_OUT at https://{host}/ (session {short})",
    "git": "git fetch failed: authentication expired at {time} (installation {short})",
    "http_request": "tool http_request failed: dial tcp 10.{a}.{b}.{c}:443: i/o timeout ({host})",
    "kubectl": "tool kubectl failed: Unauthorized (token of session {short} expired at {time})",
    "nuclei": "tool nuclei exited with code 137: container {container} killed, out of memory",
    "web_search": "tool web_search failed: 503 from search backend (query {short})",
}
BLOCKED = "guardrail: {host} is not in the verified scope of this project"


def random_error(random: Random, tools: tuple[str, ...]) -> str:
    """Return the template of an error that a task with these tools can run into."""
    return random.choice((*COMMON_ERRORS, *(TOOL_ERRORS[tool] for tool in tools if tool in TOOL_ERRORS)))


def format_error(template: str, random: Random, email: str, at: datetime) -> str:
    """Return the template with its placeholders filled in for a task of `email` that failed at `at`."""
    return template.format(
        request=f"{random.getrandbits(80):020x}",
        short=f"{random.getrandbits(32):08x}",
        container=f"{random.getrandbits(48):012x}",
        seconds=random.choice((20, 30, 45, 60, 120, 300)),
        tokens=random.randint(200_100, 264_000),
        host=random.choice(HOSTS),
        time=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        a=random.randint(0, 255),
        b=random.randint(0, 255),
        c=random.randint(1, 254),
        email=email,
        reset=(at.replace(day=1) + timedelta(days=31)).strftime("%Y-%m-01"),
        balance=f"{random.uniform(0, 0.09):.4f}",
        needed=random.choice(("0.1", "0.25", "0.5")),
    )
