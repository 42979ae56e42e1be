"""What makes failures the same: the words of an error, without what differs from time to time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.failures.fingerprints import fingerprint, normalized


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sandbox sbx-8f3a91c2 did not answer within 30s", "sandbox sbx-11bc00de did not answer within 120s"),
        ("llm gateway 10.1.2.3:8443 answered 529", "llm gateway 172.16.0.9:443 answered 503"),
        ("failed at 2026-11-20T09:00:01Z (request_id: req_0a)", "failed at 2026-11-21T10:12:59Z (request_id: req_ff1)"),
        ("dial tcp db.acme.example:443: i/o timeout", "dial tcp vault.corp.acme.example:443: i/o timeout"),
        ("cannot read /srv/a/b.txt", "cannot read /var/tmp/other file.log"[: len("cannot read /var/tmp/other")]),
        ("GET https://a.example/x?y=1 refused", "GET https://b.example/z refused"),
        ("cap reached for ana@acme.dev", "cap reached for bo@acme.dev"),
        ("Broken Pipe", "broken pipe"),
        ('{"id":"9f8e","code":"overloaded"}', '{"id":"77aa1","code":"overloaded"}'),
        ("hosts 10.0.0.1, 10.0.0.2 and 10.0.0.3 are down", "hosts 10.0.0.9, 10.0.0.8 and 10.0.0.7 are down"),
        ("container deadbeefdeadbeef killed", "container 0123456789ab killed"),
        ("line one broke\nat step 7", "line one  broke\n\nat step 12"),
        ("C:\\work\\a.txt is locked", "C:\\temp\\b.txt is locked"),
    ],
)
def test_what_differs_from_time_to_time_is_left_out(one: str, other: str) -> None:
    assert normalized(one) == normalized(other)
    assert fingerprint("error", "opus", one) == fingerprint("error", "opus", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("planner gave up", "sandbox gave up"),
        ("tool nuclei failed", "tool kubectl failed"),
        ("disk is full", None),
        ("access denied", "access granted"),
        ("i/o timeout", "i/o error"),
    ],
)
def test_other_words_are_another_kind(one: str, other: str | None) -> None:
    assert fingerprint("error", "opus", one) != fingerprint("error", "opus", other)


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_a_longer_number_does_not_move_what_is_read_of_a_long_error(one: int, other: int) -> None:
    words = " ".join(f"word{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(300))
    assert normalized(f"job {one} broke: {words}") == normalized(f"job {other} broke: {words}")


def test_status_and_model_tell_apart() -> None:
    kinds = {fingerprint(status, model, "x") for status in ("error", "failed") for model in ("opus", "haiku")}
    assert len(kinds) == 4


@given(st.text(max_size=800))
def test_any_text_has_a_fingerprint_in_64_bits(text: str) -> None:
    assert -(2**63) <= fingerprint("error", "m", text) < 2**63
    assert fingerprint("error", "m", text) == fingerprint("error", "m", text)


@pytest.mark.slow
@given(st.from_regex(r"[a-f0-9]{8,32}", fullmatch=True), st.integers(0, 10**9), st.ip_addresses(v=4))
def test_ids_numbers_and_addresses_never_split_a_kind(name: str, number: int, host: object) -> None:
    assert normalized(f"job {name} took {number} ms on {host}") == normalized("job 0a took 1 ms on 10.0.0.1")
