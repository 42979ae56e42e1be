"""What a form keeps while it is open."""

import pytest

from bot.slack.forms import FormMetadata


@pytest.mark.parametrize(
    ("metadata", "encoded"),
    [
        (FormMetadata("C1"), "C1"),
        (
            FormMetadata("D2", '{"scope": "a b@example.com", "unit": "month"}'),
            'D2 {"scope": "a b@example.com", "unit": "month"}',
        ),
        (FormMetadata("", "text"), " text"),
        (FormMetadata(""), ""),
    ],
)
def test_what_a_form_keeps_reads_as_it_was_written(metadata: FormMetadata, encoded: str) -> None:
    assert metadata.encode() == encoded
    assert FormMetadata.decode(encoded) == metadata
