"""The key mapping of a restore: how the keys of the former ledger read in the ledger that replaces it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.keys import Key, TopicKey, kind_of
from bot.outbox.keys import StoredKey

KeyTranslation = Callable[[str], Key | None]
"""Returns the key of a string form in the former ledger, as it is here; None for what is not here."""


@dataclass(frozen=True, slots=True)
class KeyMapping:
    """How keys of the former ledger read here: of notifications and of live messages, by their kind.

    `stale` are the topics here whose live messages may show what is not so here.
    """

    events: Mapping[str, KeyTranslation]
    topics: Mapping[str, KeyTranslation]
    stale: Sequence[TopicKey] = ()

    def event(self, text: str) -> str | None:
        """Return a notification's key as it is here; None if it means nothing here."""
        return _key_here(self.events, text)

    def topic(self, text: str | None) -> str | None:
        """Return a live message's topic as it is here; None if it means nothing here, or there is none."""
        return None if text is None else _key_here(self.topics, text)


def merge_mappings(several: Iterable[KeyMapping]) -> KeyMapping:
    """Return the mappings of several packages as one."""
    every = list(several)
    events = {kind: translate for each in every for kind, translate in each.events.items()}
    topics = {kind: translate for each in every for kind, translate in each.topics.items()}
    return KeyMapping(events, topics, tuple(topic for each in every for topic in each.stale))


def unchanged_key(text: str) -> StoredKey:
    """Return a key that means the same in every ledger."""
    return StoredKey(text)


def _key_here(translations: Mapping[str, KeyTranslation], text: str) -> str | None:
    # summaries have no translation on purpose: what they list is adopted, and summarized again if it is still too old
    translate = translations.get(kind_of(text))
    key = None if translate is None else translate(text)
    return None if key is None else key.encode()
