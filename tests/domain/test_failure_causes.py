"""Why a task failed: a table of error texts as platforms of language models write them, and what is never said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.failure_causes import FailureCause, failure_cause

CASES = [
    # Neo's own codes
    ("user_spending_cap_reached: monthly spending cap reached for ana@acme.dev", FailureCause.CAP),
    ("project_spending_cap_reached", FailureCause.CAP),
    ("Task stopped (code USER_SPENDING_CAP_REACHED)", FailureCause.CAP),
    ("insufficient_neo_credits: balance 0.01, at least 0.1 required to continue", FailureCause.CREDITS),
    ("forbidden: the key may not do that", FailureCause.SIGN_IN),
    ("rate_limited", FailureCause.RATE_LIMIT),
    ("timeout: upstream", FailureCause.TIMEOUT),
    # out of credits
    ("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.", FailureCause.CREDITS),
    ("litellm.RateLimitError: You exceeded your current quota, please check your plan", FailureCause.CREDITS),
    ("Error code: 429 - {'error': {'code': 'insufficient_quota'}}", FailureCause.CREDITS),
    ("HTTP 402 Payment Required", FailureCause.CREDITS),
    ("Insufficient credits. Add more using https://openrouter.ai/credits", FailureCause.CREDITS),
    ("You have reached your specified API usage limits.", FailureCause.CREDITS),
    # rate limited
    ("llm request failed: 429 rate_limit_error: retry after 30s (request_id: req_0a)", FailureCause.RATE_LIMIT),
    (
        "Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000",
        FailureCause.RATE_LIMIT,
    ),
    ("ThrottlingException: Too many tokens, please wait before trying again.", FailureCause.RATE_LIMIT),
    ("llm gateway 10.1.2.3:8443 answered 529 overloaded_error at 2026-03-02T10:00:00Z", FailureCause.RATE_LIMIT),
    ("RESOURCE_EXHAUSTED: Quota exceeded for quota metric 'requests per minute'", FailureCause.RATE_LIMIT),
    ("status_code=429", FailureCause.RATE_LIMIT),
    ("TOO MANY REQUESTS", FailureCause.RATE_LIMIT),
    # timed out
    ("Request timed out.", FailureCause.TIMEOUT),
    ("APITimeoutError: the model took too long", FailureCause.TIMEOUT),
    ("sandbox sbx-8f3a91c2 did not answer within 30s (last heartbeat 10:00)", FailureCause.TIMEOUT),
    ("context deadline exceeded", FailureCause.TIMEOUT),
    ("rpc error: code = DeadlineExceeded desc = DEADLINE_EXCEEDED", FailureCause.TIMEOUT),
    ("upstream answered 504", FailureCause.TIMEOUT),
    # sign-in refused
    ("Error code: 401 - invalid x-api-key", FailureCause.SIGN_IN),
    ("AuthenticationError: Incorrect API key provided: sk-abc", FailureCause.SIGN_IN),
    ("git fetch failed: authentication expired at 2026-03-02T10:00:00Z", FailureCause.SIGN_IN),
    ("token of vault.acme.example expired", FailureCause.SIGN_IN),
    ("403 Forbidden", FailureCause.SIGN_IN),
    ("AccessDenied: ACCESS DENIED to bucket", FailureCause.SIGN_IN),
    # network
    ("dial tcp 10.0.0.1:443: connect: connection refused", FailureCause.NETWORK),
    ("[Errno -2] Name or service not known", FailureCause.NETWORK),
    ("Error: read ECONNRESET", FailureCause.NETWORK),
    ("net::ERR_NAME_NOT_RESOLVED at https://x.example/", FailureCause.NETWORK),
    ("502 Bad Gateway", FailureCause.NETWORK),
    ("peer certificate verification: certificate verify failed", FailureCause.NETWORK),
    # context too long
    ("This model's maximum context length is 128000 tokens. However, you requested 130000.", FailureCause.CONTEXT),
    ("prompt is too long: 210000 tokens > 200000 maximum", FailureCause.CONTEXT),
    ("context_length_exceeded", FailureCause.CONTEXT),
    ("llm request failed: context length 201000 exceeds the maximum of 200000 tokens", FailureCause.CONTEXT),
    ("The input token count (1100000) exceeds the maximum number of tokens allowed", FailureCause.CONTEXT),
    # a tool failed
    ("tool nuclei exited with code 137: container 1f killed, out of memory", FailureCause.TOOL),
    ("planner gave up after 5 consecutive tool failures (trace 0a)", FailureCause.TOOL),
    ("MCP server 'jira' failed to start", FailureCause.TOOL),
    ("ToolException: bad arguments", FailureCause.TOOL),
    ("Command returned non-zero: exit status 2", FailureCause.TOOL),
    # refused by the model
    ("guardrail: shop.example is not in the verified scope of this project", FailureCause.REFUSAL),
    ("Your request was rejected as a result of our safety system.", FailureCause.REFUSAL),
    ("The response was filtered due to the prompt triggering Azure's content management policy", FailureCause.REFUSAL),
    ("stop_reason: refusal", FailureCause.REFUSAL),
    ("I can't assist with that request.", FailureCause.REFUSAL),
    # two are mentioned: what the account forbids, then whose step it was, then how it failed
    ("rate limit while reading the context length", FailureCause.CONTEXT),
    ("429 rate_limit_error: user_spending_cap_reached", FailureCause.CAP),
    ("tool http_request failed: dial tcp 10.0.0.1:443: i/o timeout", FailureCause.TOOL),
    ("tool kubectl failed: Unauthorized (token of session 8f expired)", FailureCause.TOOL),
    ("rate limited, then the connection timed out", FailureCause.RATE_LIMIT),
    ("timeout: connection reset", FailureCause.TIMEOUT),
    # other
    ("planner gave up", FailureCause.OTHER),
    ("scanned 429 hosts and 401 paths, then stopped", FailureCause.OTHER),
    ("messages.2: tool_use ids were found without tool_result blocks", FailureCause.OTHER),
    ("network-scan of 10.0.0.0/8 ended early", FailureCause.OTHER),
    ("<!channel> *you* `are` <https://evil.example|late> \u202e\x00", FailureCause.OTHER),
    ("", FailureCause.OTHER),
]


@pytest.mark.parametrize("change", [str, str.upper, str.lower], ids=["as it is", "upper", "lower"])
@pytest.mark.parametrize(("error", "cause"), CASES)
def test_the_cause_of_an_error_text(error: str, cause: FailureCause, change: type[str]) -> None:
    assert failure_cause("error", change(error)) is cause


def test_a_given_code_counts_before_the_text_and_the_text_before_the_status() -> None:
    assert failure_cause("timeout", "rate limited", "insufficient_neo_credits") is FailureCause.CREDITS
    assert failure_cause("timeout", "rate limited") is FailureCause.RATE_LIMIT
    assert failure_cause("timeout", "planner gave up") is FailureCause.TIMEOUT
    assert failure_cause("timed_out", None) is FailureCause.TIMEOUT


@pytest.mark.parametrize("status", ["error", "failed", "aborted", "blocked", ""])
def test_without_a_text_nothing_is_guessed_from_a_usual_status(status: str) -> None:
    assert failure_cause(status, None) is FailureCause.OTHER


def test_what_a_long_traceback_ends_with_counts() -> None:
    assert (
        failure_cause("error", "Traceback\n" + "  at step 7\n" * 9_000 + "Request timed out.") is FailureCause.TIMEOUT
    )


WORDS = {
    "Neo's cap reached", "out of credits", "context too long", "a tool failed", "rate limited",
    "refused by the model", "sign-in refused", "timed out", "network error", "other error",
}  # fmt: skip


@given(st.text(), st.text(), st.none() | st.text())
def test_the_words_are_never_those_of_a_text(status: str, error: str, code: str | None) -> None:
    assert str(failure_cause(status, error, code)) in WORDS


@given(st.text(), st.sampled_from([error for error, _ in CASES]), st.text())
def test_whatever_stands_around_an_error_the_words_are_from_the_table(before: str, error: str, after: str) -> None:
    assert str(failure_cause("error", f"{before} {error} {after}")) in WORDS
