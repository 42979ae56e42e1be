"""What Prometheus reads of a service, by the name and labels of each sample."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.harness import ServiceHarness

ON = {"METRICS_PORT": "0"}
WITH_MEMBERS = ON | {"METRICS_MEMBERS": "on"}
Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Scraped:
    """The text of a scrape, and its samples."""

    text: str
    samples: Mapping[tuple[str, Labels], float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", dict(_samples(self.text)))

    def __call__(self, name: str, **labels: str) -> float:
        """Return the value of a sample, by its name without the prefix."""
        return self.samples[f"neo_usage_{name}", frozenset(labels.items())]

    def all_of(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the values of all samples of a name, by the values of their labels in the order of those' names."""
        return {
            tuple(value for _, value in sorted(labels)): number
            for (each, labels), number in self.samples.items()
            if each == f"neo_usage_{name}"
        }


def _samples(text: str) -> Iterator[tuple[tuple[str, Labels], float]]:
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            yield (each.name, frozenset(each.labels.items())), each.value


def address(harness: ServiceHarness) -> str:
    """Where the metrics of a service are."""
    return f"http://127.0.0.1:{harness.service.metrics_port}/metrics"


async def scrape(harness: ServiceHarness) -> Scraped:
    """What Prometheus reads now."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(address(harness), timeout=30)
    assert answer.status_code == 200
    return Scraped(answer.text)
