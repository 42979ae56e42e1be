"""The query parameters are validated, and the errors name them."""

import aiohttp
import pytest

from bot.sandbox.neo import PATH
from tests.support.sandbox import Conforms, ask


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("limit", ["0", "201", "-1", "", "ten", "1.0", "٣", "1e2", " 5", "9" * 5000]),
        ("offset", ["-1", "", "x", "1.5"]),
        ("status", ["", "done", "COMPLETED", "completed,error"]),
        (
            "from",
            [
                "",
                "yesterday",
                "2026-03-01",
                "2026-03-01T00:00:00",
                "2026-13-01T00:00:00Z",
                "2026-03-01T00:00:00 00:00",  # what a raw +00:00 decodes to
                "1772323200",
            ],
        ),
        ("to", ["", "2026-02-30T00:00:00Z", "2026-03-01T25:00:00Z"]),
        ("is_byok", ["", "yes", "True", "0"]),
    ],
)
async def test_malformed_parameters_are_named_in_a_400(
    client: aiohttp.ClientSession, conforms: Conforms, name: str, values: list[str]
) -> None:
    for value in values:
        async with client.get(PATH, params={name: value}) as response:
            conforms("ErrorResponse", body := await response.json())
        assert (response.status, body["code"]) == (400, "invalid_request"), value
        assert f"'{name}'" in body["error"]


@pytest.mark.parametrize(
    "moment", ["2026-03-01T00:00:00Z", "2026-03-01T01:00:00.123456789+01:00", "2026-02-28T16:00:00.5-08:00"]
)
async def test_any_offset_and_fraction_is_a_date_time(client: aiohttp.ClientSession, moment: str) -> None:
    assert (await ask(client, **{"from": moment, "to": moment}))["total"] == 0
