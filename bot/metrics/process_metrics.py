"""What is counted in this process since it started: requests, answers, passes and messages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.metrics_core import Metric

from bot.ledger.passes.tally import PassOutcome, PassTally
from bot.measurements import Measurements
from bot.neo import errors as neo
from bot.outbox.receiver import ERROR_KINDS
from bot.slack import errors as slack
from bot.slack.requests import RequestKind
from bot.sync.rules import PassKind

PREFIX = "neo_usage"
_ANSWER_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_DELIVERY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0)


class ProcessMetrics(Measurements):
    """Counts in a registry of its own. Whatever can be counted is there from the start, at 0."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(namespace=PREFIX, registry=self._registry)
        self._neo = self._counter("neo_requests", "Requests to Neo.")
        self._neo_errors = self._counter("neo_errors", "Requests to Neo that failed, by kind.", kind=neo.KINDS)
        self._slack = self._counter("slack_requests", "Requests to Slack.")
        self._slack_errors = self._counter("slack_errors", "Requests to Slack that failed, by kind.", kind=slack.KINDS)
        self._webhook = self._counter("webhook_requests", "Requests to the webhook's receiver.")
        what = "Requests to the webhook's receiver that failed, by kind."
        self._webhook_errors = self._counter("webhook_errors", what, kind=ERROR_KINDS)
        self._passes = self._counter(
            "passes", "Reads of Neo that ended, by kind and outcome.", kind=PassKind, outcome=PassOutcome
        )
        self._pages = self._counter("pages", "Pages of tasks read from Neo.")
        self._rows = self._counter(
            "rows", "Rows of Neo that brought something new, by what it was.", outcome=PassTally().rows
        )
        what = "Time from a person's request to its answer."
        self._answers = self._histogram("answer_seconds", what, _ANSWER_SECONDS, "kind")
        for kind in RequestKind:
            self._answers.labels(kind)
        what = "Time from when a message, or an event of the webhook, is enqueued to when it is sent."
        self._deliveries = self._histogram("delivery_seconds", what, _DELIVERY_SECONDS, "kind", "to")

    def _counter(self, name: str, what: str, **values: Iterable[str]) -> Counter:
        """Return a counter with these labels, at 0 for each combination of their values."""
        counter = Counter(f"{PREFIX}_{name}", what, list(values), registry=self._registry)
        for each in product(*values.values()):
            if each:
                counter.labels(*each)
        return counter

    def _histogram(self, name: str, what: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", what, labels, buckets=buckets, registry=self._registry)

    def expect_deliveries(self, to: str, kinds: Iterable[str]) -> None:
        """Export deliveries of these kinds also before there are any."""
        for kind in kinds:
            self._deliveries.labels(kind, to)

    def families(self) -> Iterator[Metric]:
        """Yield what is exported. When each counter began is left out: that is when the process started."""
        for family in self._registry.collect():
            family.samples = [each for each in family.samples if not each.name.endswith("_created")]
            yield family

    # --- Measurements ------------------------------------------------------------------------------

    def record_neo_request(self, error: str | None) -> None:
        """Count a request to Neo."""
        self._neo.inc()
        if error is not None:
            self._neo_errors.labels(error).inc()

    def record_slack_request(self, error: str | None) -> None:
        """Count a request to Slack."""
        self._slack.inc()
        if error is not None:
            self._slack_errors.labels(error).inc()

    def record_webhook_request(self, error: str | None) -> None:
        """Count a request to the webhook's receiver."""
        self._webhook.inc()
        if error is not None:
            self._webhook_errors.labels(error).inc()

    def record_answer(self, kind: str, seconds: float) -> None:
        """Count a request of a person."""
        self._answers.labels(kind).observe(seconds)

    def record_pass(self, kind: str, outcome: str, pages: int, rows: Mapping[str, int]) -> None:
        """Count a pass, its pages and its rows."""
        self._passes.labels(kind, outcome).inc()
        self._pages.inc(pages)
        for name, number in rows.items():
            self._rows.labels(name).inc(number)

    def record_delivery(self, kind: str, to: str, seconds: float) -> None:
        """Count a notification that was sent."""
        self._deliveries.labels(kind, to).observe(max(0.0, seconds))
