"""Random lines through the front door: an answer each, never silence, never a failure of ours."""

from random import Random

import pytest

from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from tests.support.effort import amount
from tests.support.engines import costly
from tests.support.harness import CHANNEL, GUEST_CHANNEL, ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import generated_world

pytestmark = pytest.mark.slow

WORDS = (
    "team", "me", "@priya", "@marcus", "<@U0PRIYA>", "today", "yesterday", "24h", "7d", "last month", "this quarter",
    "mtd", "2026-02", "2026-W08", "2026-02-20", "2026-01-01..2026-02-01", "from:2026-02-01", "to:2026-02-20",
    "from:2026-02-01T09:00Z", "status:error,failed", "-status:completed", "model:opus", "task:0b6c", "search:acme",
    "email:a@b.example", "byok:no", "by:member", "by:model", "by:day", "by:week,model", "by:tool", "by:agent",
    "sort:name", "top:5", "rows", "csv", "help", "status", "link", "errors", "budgets", "modle:opus", "by:modle",
    "top:-1", "99999999999d", "2026-13", "from:", '"', "''", "“quoted”", "\u00a0", "<mailto:a@b.example|a@b.example>",
    "<https://x.example|x>", "&lt;", "\u202e", "🙂", "it's", "`", "::", ",", "--", "-", "#", "x" * 300, "\\", "%",
    "{{ 7*7 }}", "../../etc/passwd", "' OR 1=1 --",
)  # fmt: skip
COUNT = amount(1_000, 200)
BATCH = 50


@pytest.fixture
def world() -> World:
    return generated_world()


def line(random: Random) -> str:
    words = random.choices(WORDS, k=random.randint(0, 7))
    typed = " ".join(words)
    if random.random() < 0.2 and typed:
        place = random.randrange(len(typed))
        typed = (
            typed[:place] + chr(random.choice((random.randint(33, 126), random.randint(160, 0x2FFF)))) + typed[place:]
        )
    return typed.upper() if random.random() < 0.1 else typed


@costly
@pytest.mark.long
async def test_each_has_an_answer(harness: ServiceHarness, caplog: pytest.LogCaptureFixture) -> None:
    random = Random(2026)
    places = {"hannah": CHANNEL, "priya": CHANNEL, "gil": GUEST_CHANNEL}
    before = {who: len(harness.visible(who, place)) for who, place in places.items()}
    asked = dict.fromkeys(before, 0)
    for _ in range(COUNT // BATCH):
        for _ in range(BATCH):
            who = random.choice(("hannah", "hannah", "priya", "gil"))
            ack = await harness.slack.command(who, places[who], line(random))
            assert ack.ok
            asked[who] += 1
        await harness.idle()
    for who, count in asked.items():
        new = harness.visible(who, places[who])[before[who] :]
        answers = [each for each in new if each.ephemeral_to == harness.workspace.user(who).id]
        assert len(answers) >= count
        assert not [visible_text(answer) for answer in answers if went_wrong(answer)]
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]


def went_wrong(answer: Message) -> bool:
    return "Something went wrong" in answer.text or not answer.text.strip()
