"""The form that silences failures: what it offers, what is wrong with it, and what it asks for."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.access import RefusedError
from bot.domain.keys import MalformedKeyError
from bot.failures.keys import SilenceTarget, TargetType
from bot.failures.silence_form import REASON, Choice, problems, silence_view, submitted_silence
from bot.failures.silence_store import Silence

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
OPUS = SilenceTarget(TargetType.MODEL, "opus")


def test_it_offers_each_choice_by_its_name_and_midnight_as_the_end() -> None:
    choices = [Choice(SilenceTarget(TargetType.KIND, "4"), "This error: x"), Choice(OPUS, "All failures of opus")]
    view = silence_view(choices, "C0NEWS")
    what, length, until, _ = view["blocks"]
    assert [each["value"] for each in what["element"]["options"]] == ["kind:4", "model:opus"]
    assert what["element"]["initial_option"]["text"]["text"] == "This error: x"
    assert length["element"]["initial_option"]["text"]["text"] == "Until midnight"
    assert until["optional"]
    assert (view["callback_id"], view["private_metadata"]) == ("failure_form", "C0NEWS")


def test_a_choice_that_slack_would_refuse_is_left_out() -> None:
    choices = [Choice(OPUS, "All failures of opus"), Choice(SilenceTarget(TargetType.MODEL, "m" * 140), "Too long")]
    view = silence_view(choices, "C0NEWS")
    assert [each["value"] for each in view["blocks"][0]["element"]["options"]] == ["model:opus"]


def test_a_silence_ends_with_its_last_day_in_the_zone() -> None:
    fields = {"what": "model:opus", "until": "2026-03-04", "reason": "r" * (REASON + 1)}
    end = datetime(2026, 3, 4, 23, tzinfo=UTC)
    assert submitted_silence(fields, "U0HANNAH", NOW, BERLIN) == Silence(OPUS, end, "r" * REASON, "U0HANNAH")


@pytest.mark.parametrize(
    ("length", "end"),
    [
        ("1h", NOW + timedelta(hours=1)),
        ("4h", NOW + timedelta(hours=4)),
        ("24h", NOW + timedelta(hours=24)),
        ("7d", NOW + timedelta(days=7)),
        ("today", datetime(2026, 3, 2, 23, tzinfo=UTC)),
    ],
)
def test_a_silence_without_a_day_ends_after_its_length_or_at_local_midnight(length: str, end: datetime) -> None:
    fields = {"what": "model:opus", "for": length}
    assert problems(fields, NOW, BERLIN) == {}
    assert submitted_silence(fields, "U0HANNAH", NOW, BERLIN).until == end


@pytest.mark.parametrize("fields", [{}, {"for": ""}, {"for": "2h"}])
def test_a_silence_says_how_long(fields: dict[str, str]) -> None:
    assert problems({"what": "model:opus", **fields}, NOW, BERLIN) == {"for": "Choose how long."}
    with pytest.raises(RefusedError, match="Choose how long"):
        submitted_silence({"what": "model:opus", **fields}, "U0HANNAH", NOW, BERLIN)


def test_no_reason_is_none() -> None:
    for fields in ({"reason": ""}, {}):
        silence = submitted_silence({"what": "model:opus", "until": "2026-03-02", **fields}, "U0HANNAH", NOW, BERLIN)
        assert silence.reason is None


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("tomorrow", "Choose a day."),
        ("2026-03-01", "That day is over. Choose today or a later day."),
        ("9999-12-31", "That day is too far away. Choose an earlier one."),
    ],
)
def test_a_day_that_cannot_be_meant_is_refused_before_and_after_it_is_submitted(until: str, why: str) -> None:
    fields = {"what": "model:opus", "until": until}
    assert problems(fields, NOW, BERLIN) == {"until": why}
    with pytest.raises(RefusedError) as refusal:
        submitted_silence(fields, "U0HANNAH", NOW, BERLIN)
    assert str(refusal.value) == why


def test_nothing_is_wrong_with_today() -> None:
    assert problems({"what": "model:opus", "until": "2026-03-02"}, NOW, BERLIN) == {}


@pytest.mark.parametrize("what", ["", "task:1", "kind:opus"])
def test_a_choice_that_was_never_offered_is_refused_before_and_after_it_is_submitted(what: str) -> None:
    assert problems({"what": what, "until": "2026-03-02"}, NOW, BERLIN) == {"what": "Choose what to silence."}
    with pytest.raises(MalformedKeyError):
        submitted_silence({"what": what, "until": "2026-03-04"}, "U0HANNAH", NOW, BERLIN)
