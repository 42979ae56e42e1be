"""Sets of phrases, in each of which the longest is found that some words begin with."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain


class PhraseSet:
    """Phrases of one or more words, by their first word: a line is compared with few of them."""

    def __init__(self, phrases: Iterable[tuple[str, ...]]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for phrase in sorted(phrases, key=len, reverse=True):
            self._by_first[phrase[0]].append(phrase)

    def __contains__(self, phrase: tuple[str, ...]) -> bool:
        """Return whether it is one of the phrases."""
        return phrase in self._by_first.get(phrase[0], ())

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        """Return the phrases."""
        return chain.from_iterable(self._by_first.values())

    def length(self, texts: Sequence[str]) -> int:
        """Return how many words the longest of the phrases has that the words begin with; 0 if they begin with none."""
        for phrase in self._by_first.get(texts[0], ()) if texts else ():
            if tuple(texts[: len(phrase)]) == phrase:
                return len(phrase)
        return 0
