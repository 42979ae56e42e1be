"""Settings that cannot be used, and keys that look like Neo's."""

from pathlib import Path

import pytest

from bot.settings.environment import load
from bot.settings.errors import SettingsError

KEY = "neo_sk_0123456789abcdefghijklmnopqrstuv"
OTHER_KEY = "neo_sk_zyxwvutsrqponmlkjihgfedcba987654"


def problems(environment: dict[str, str], directory: Path) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(environment, directory)
    assert str(raised.value).splitlines()[0] == "correct these settings:"
    assert [line.strip() for line in str(raised.value).splitlines()[1:]] == raised.value.problems
    return raised.value.problems
