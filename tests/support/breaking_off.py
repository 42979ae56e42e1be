"""Breaking off what the service does with a PostgreSQL server, in the middle, and what must be so afterwards."""

from collections import Counter
from datetime import timedelta

from bot.ledger.verification import verify
from bot.settings.postgres_address import PostgresAddress
from tests.support.engines import rows_of
from tests.support.harness import ServiceHarness
from tests.support.postgres import PostgresServer
from tests.support.worlds import PRIYA, spent

# the first time only: what a sequence has counted is not undone with its transaction
_BREAK = """
CREATE SEQUENCE broken;
CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('broken') = 1 THEN {action}; PERFORM pg_sleep(60); END IF;
    RETURN NULL;
END $$;
CREATE {kind} break_off AFTER {event} {when} FOR EACH ROW {condition} EXECUTE FUNCTION break_off();
"""
KILL, WAIT = "PERFORM pg_terminate_backend(pg_backend_pid())", "PERFORM 1"
_AT_COMMIT = {"kind": "CONSTRAINT TRIGGER", "when": "DEFERRABLE INITIALLY DEFERRED"}
_AT_ONCE = {"kind": "TRIGGER", "when": ""}
MOMENTS = {
    "a booking": {"event": "INSERT ON charge", "condition": "", **_AT_ONCE},
    "a booking's commit": {"event": "INSERT ON charge", "condition": "", **_AT_COMMIT},
    "a message's being put out": {"event": "INSERT ON notification", "condition": "", **_AT_ONCE},
    "a claim": {"event": "UPDATE ON notification", "condition": "WHEN (NEW.state = 'sending')", **_AT_ONCE},
    "a claim's commit": {"event": "UPDATE ON notification", "condition": "WHEN (NEW.state = 'sending')", **_AT_COMMIT},
    "a message's being sent": {"event": "UPDATE ON notification", "condition": "WHEN (NEW.state = 'sent')", **_AT_ONCE},
}


async def overspend(harness: ServiceHarness) -> None:
    """Let Priya, who has spent 85 dollars, have a limit of 100, and spend 60 more, which nobody has read yet."""
    await harness.ask("hannah", "budget @priya 100/month")
    await harness.deliver()
    spent(harness.neo.world, harness.clock(), PRIYA, 60)


def break_off(server: PostgresServer, place: PostgresAddress, moment: str, action: str) -> None:
    """Have the server do something at the first such moment, and wait there."""
    server.run(_BREAK.format(action=action, **MOMENTS[moment]), place.database)


def is_broken_off(place: PostgresAddress) -> bool:
    """Whether such a moment has come."""
    return rows_of(place, "SELECT is_called FROM broken") == [(True,)]


def mend(server: PostgresServer, place: PostgresAddress) -> None:
    """Have the server do nothing more."""
    server.run("DROP FUNCTION break_off CASCADE", place.database)


def _visible(harness: ServiceHarness) -> Counter[str]:
    """How often each message is there."""
    messages = [each for channel in harness.workspace.channels.values() for each in channel.messages]
    return Counter(each.metadata["event_payload"]["key"] for each in messages if each.metadata and not each.deleted)


async def goes_on(harness: ServiceHarness, place: PostgresAddress) -> None:
    """Nothing was half done, nothing is done twice, and the rest is done by itself."""
    for _ in range(3):
        harness.clock.advance(timedelta(minutes=1))
        await harness.sync()
    assert rows_of(place, "SELECT count(*), count(DISTINCT task) FROM charge") == [(2, 2)]
    assert not any(verify(place).values())
    keys = _visible(harness)
    assert set(keys.values()) == {1}
    crossings = [key for key in keys if key.startswith("crossing")]
    assert len(crossings) == 3  # more than half of it to her, more than all of it to the operator too
    assert {state for (state,) in rows_of(place, "SELECT state FROM notification")} == {"sent", "moved"}
