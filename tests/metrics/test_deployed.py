"""The alert rules and the dashboard: promtool takes them, they name what is exported, and alerts come from a fault."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bot.database.read_engine import reader_pool
from bot.sandbox import faults
from bot.sandbox.slack.faults import Refuse
from tests.support.acts import spend
from tests.support.docs import ROOT, section
from tests.support.engines import sqlite_only
from tests.support.harness import ServiceHarness
from tests.support.metrics import WITH_MEMBERS, Scraped, scrape
from tests.support.neo_totals import issue, leave_out, night
from tests.support.worlds import PRIYA, add

RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
RULES_TEST = RULES.with_name("rules.test.yml")
DASHBOARD = ROOT / "deploy" / "grafana" / "neo-usage.json"
OPERATING = ROOT / "docs" / "operating.md"
ABSENT = "PROMTOOL IS NOT INSTALLED: alert rules were not tested. It is in Debian's package prometheus"
REQUIRED = os.environ.get("NEO_USAGE_PROMTOOL") == "required"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OF_PROMETHEUS = {"up", "ALERTS"}


def promtool(*arguments: str, given: str = "") -> None:
    """Have promtool check something; it must find nothing."""
    program = shutil.which("promtool")
    if program is None:
        assert not REQUIRED, ABSENT
        pytest.skip(ABSENT)
    done = subprocess.run(  # noqa: S603 - a program of this machine
        [program, *arguments], input=given, text=True, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "problem" not in done.stderr


@pytest.fixture
async def measured(closed: ServiceHarness, tmp_path: Path) -> ServiceHarness:
    """A service with every metric, in which somebody has spent something, and which knows Neo's own totals."""
    (tmp_path / "backups").mkdir()
    closed.settings = {**WITH_MEMBERS, "POLL_SECONDS": "300", "BACKUP_DIR": str(tmp_path / "backups")}
    issue(closed, 300, expires_in=90 * DAY)
    await closed.open()
    await spend(closed, PRIYA, 60)
    for line in ("reconcile", "balance"):
        await closed.ask("hannah", line)
    return closed


# --- what is exported ----------------------------------------------------------------------------


@pytest.mark.slow
@sqlite_only("free space is a file's")
async def test_promtool_finds_nothing_wrong_with_what_is_exported(measured: ServiceHarness) -> None:
    promtool("check", "metrics", given=(await scrape(measured)).text)


@sqlite_only("free space is a file's")
async def test_the_manual_lists_every_metric_with_its_kind_and_labels_and_no_other(measured: ServiceHarness) -> None:
    rows = re.findall(r"^\| `(neo_usage_\w+)` \| (\w+) \|([^|]*)\| .+ \|$", section(OPERATING, "Metrics"), re.MULTILINE)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert len(documented) == len(rows)
    assert documented == exported(await scrape(measured))


def exported(scraped: Scraped) -> dict[str, tuple[str, set[str]]]:
    """The kind and the labels of each metric."""
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", scraped.text, re.MULTILINE))
    found: dict[str, tuple[str, set[str]]] = {name: (kind, set()) for name, kind in kinds.items()}
    for name, labels in scraped.samples:
        family = name if name in kinds else re.sub("_(bucket|count|sum)$", "", name)
        found[family][1].update({label for label, _ in labels} - {"le"})
    return found


# --- rules and dashboard -------------------------------------------------------------------------


@pytest.mark.slow
def test_promtool_takes_the_rules_and_their_tests() -> None:
    promtool("check", "rules", str(RULES))
    promtool("test", "rules", str(RULES_TEST))


def test_promtool_takes_each_configuration_of_the_manual(tmp_path: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", section(OPERATING, "Metrics"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        (job,) = yaml.safe_load(block)["scrape_configs"]
        assert job["job_name"] == "neo-usage"  # which the rules expect
        if "kubernetes_sd_configs" in job:
            continue  # Debian's promtool is built without it
        path = tmp_path / "prometheus.yml"
        path.write_text(f"rule_files: [{RULES}]\n{block}", encoding="utf-8")
        promtool("check", "config", str(path))


def alert_expressions() -> dict[str, str]:
    """The expression of each alert."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard that show something."""
    found = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [each for each in found if each["type"] != "row"]


def dashboard_expressions() -> list[str]:
    """Every expression of the dashboard, with Grafana's variables replaced."""
    texts = [target["expr"] for each in panels() for target in each["targets"]]
    return [re.sub(r"\$\w+", lambda name: "5m" if "interval" in name[0] else ".+", text) for text in texts]


def test_the_dashboard_has_what_grafana_needs() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= dashboard.keys()
    variables = {each["name"]: each for each in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    ids = [each["id"] for each in dashboard["panels"]]
    assert len(ids) == len(set(ids)) > 20
    cells: set[tuple[int, int]] = set()
    for each in dashboard["panels"]:
        place = each["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not own & cells, each["title"]
        cells |= own
    for each in panels():
        assert each["title"]
        assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert {name for target in each["targets"] for name in re.findall(r"\$\{?(\w+)", target["expr"])} <= {
            *variables, "__rate_interval",
        }  # fmt: skip


@sqlite_only("free space is a file's")
async def test_every_expression_names_metrics_and_labels_that_are_exported(measured: ServiceHarness) -> None:
    known = exported(await scrape(measured))
    expressions = [*alert_expressions().values(), *dashboard_expressions()]
    for expression in expressions:
        for name, labels in selectors(expression):
            if name in OF_PROMETHEUS:
                continue
            family = name if name in known else re.sub("_(bucket|count|sum)$", "", name)
            assert labels <= known[family][1] | {"job", "instance"}, expression
        own = {label for name, _ in selectors(expression) if name in known for label in known[name][1]}
        for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
            assert set(grouped.split(", ")) <= own | {"job", "instance", "le", "kind"}, expression
    shown = {name for expression in dashboard_expressions() for name, _ in selectors(expression)}
    assert len(shown) > 20


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the metrics that an expression names, with the labels that it selects by."""
    for name, inside in re.findall(r"\b(neo_usage_\w+|up)\b(?:\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside))


def test_two_teams_are_shown_side_by_side_and_not_as_one(tmp_path: Path) -> None:
    """Several bots of a team are one job, which has its numbers once."""
    for expression in dashboard_expressions():
        assert not re.search(r"\b(min|max|topk|avg)\b *\([^,]*$", expression), expression
        for grouped in re.findall(r"\b(?:min|max) by \((\w+)", expression):
            assert grouped in {"job", "instance"}, expression
    [spend_today] = [each["targets"][0]["expr"] for each in panels() if each["title"] == "Spend today"]
    bots = {("neo-usage", "a"): 10, ("neo-usage", "b"): 10, ("neo-usage-red", "c"): 7}
    series = [
        {"series": f'neo_usage_spend_usd{{job="{job}", instance="{bot}", span="today"}}', "values": f"{usd} {usd}"}
        for (job, bot), usd in bots.items()
    ]
    samples = [{"labels": '{job="neo-usage"}', "value": 10}, {"labels": '{job="neo-usage-red"}', "value": 7}]
    tests = [{"expr": spend_today.replace("$job", ".+"), "eval_time": "1m", "exp_samples": samples}]
    path = tmp_path / "teams.yml"
    document = {"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}]}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    promtool("test", "rules", str(path))


def test_promtool_can_read_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [{"record": f"shown:{i}", "expr": each} for i, each in enumerate(dashboard_expressions())]
    path = tmp_path / "dashboard.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    promtool("check", "rules", "--lint=none", str(path))


# --- a fault, as Prometheus sees it --------------------------------------------------------------


class Prometheus:
    """Scrapes a service every minute of its clock (`minutes_apart`), and says which alerts are firing then."""

    def __init__(self, harness: ServiceHarness, directory: Path) -> None:
        self.harness, self.directory, self.scrapes = harness, directory, list[Scraped | None]()
        self.minutes_apart = 1

    async def watch(self, minutes: int) -> None:
        """Scrape for so many minutes, in each of which what is due is done; Neo is read every five."""
        for _ in range(minutes // self.minutes_apart):
            await self._scrape()
            await self.harness.deliver()
            if (len(self.scrapes) * self.minutes_apart) % 5 == 0:
                await self.harness.service.jobs.sync()

    async def watch_alone(self, minutes: int) -> None:
        """Scrape for so many minutes in which the service does nothing, if it runs at all."""
        for _ in range(minutes // self.minutes_apart):
            await self._scrape()

    async def _scrape(self) -> None:
        try:
            self.scrapes.append(await scrape(self.harness))
        except httpx.ConnectError:
            self.scrapes.append(None)
        self.harness.clock.advance(MINUTE * self.minutes_apart)

    def check(self, firing: set[str]) -> None:
        """Have promtool evaluate the rules over what was scraped: these alerts fire at its end, and no other."""
        path = self.directory / "fault.yml"
        labels = [{"labels": json.dumps({}), "value": 1}]
        tests = [
            {
                "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}})',
                "eval_time": f"{(len(self.scrapes) - 1) * self.minutes_apart}m",
                "exp_samples": labels if name in firing else [],
            }
            for name in alert_expressions()
        ]
        every = f"{self.minutes_apart}m"
        test = {"interval": every, "input_series": list(self._series()), "promql_expr_test": tests}
        document = {"rule_files": [str(RULES)], "evaluation_interval": every, "tests": [test]}
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        promtool("test", "rules", str(path))

    def _series(self) -> Iterator[dict[str, str]]:
        up = " ".join("0" if each is None else "1" for each in self.scrapes)
        yield {"series": 'up{job="neo-usage", instance="a"}', "values": up}
        samples = [{} if each is None else each.samples for each in self.scrapes]
        for name, labels in {key: None for each in samples for key in each}:
            if "member_spend" not in name:
                told = "".join(f', {label}="{value}"' for label, value in sorted(labels))
                yield {
                    "series": f'{name}{{job="neo-usage", instance="a"{told}}}',
                    "values": " ".join(_number(each.get((name, labels))) for each in samples),
                }


def _number(value: float | None) -> str:
    """A value as promtool reads it; what a scrape lacks is stale from then on."""
    return "stale" if value is None else "+Inf" if value == float("inf") else repr(value)


@pytest.fixture
def prometheus(measured: ServiceHarness, tmp_path: Path) -> Prometheus:
    return Prometheus(measured, tmp_path)


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("free space is a file's")
async def test_no_alert_fires_while_all_is_well(prometheus: Prometheus) -> None:
    await prometheus.watch(45)
    prometheus.check(set())


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("free space is a file's")
async def test_alerts_fire_when_neo_is_down_and_end_when_it_is_back(prometheus: Prometheus) -> None:
    await prometheus.watch(6)
    prometheus.harness.neo.faults.always = faults.Status(503)
    await prometheus.watch(45)
    prometheus.check({"NeoUsageDataStale", "NeoUsageRequestsFailing"})
    prometheus.harness.neo.faults.clear()
    await prometheus.watch(45)
    prometheus.check(set())


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("free space is a file's")
async def test_an_alert_fires_when_slack_lets_the_bot_post_nothing(prometheus: Prometheus) -> None:
    harness = prometheus.harness
    harness.slack.faults.on("chat.postMessage", *[Refuse("token_expired")] * 1_000)
    await harness.ask("hannah", "budget @priya 100/month")
    await prometheus.watch(25)
    prometheus.check({"NeoUsageMessagesNotSent", "NeoUsageRequestsFailing"})
    harness.slack.faults.clear()
    await prometheus.watch(45)
    prometheus.check(set())


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("free space is a file's")
async def test_an_alert_fires_when_the_bot_is_down_and_ends_when_it_runs_again(prometheus: Prometheus) -> None:
    await prometheus.watch(6)
    await prometheus.harness.stop()
    await prometheus.watch_alone(7)
    prometheus.check({"NeoUsageDown"})
    await prometheus.harness.start()
    await prometheus.watch(3)
    prometheus.check(set())


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("it is locked as a file is")
async def test_an_alert_fires_when_the_database_cannot_be_written_or_read(
    prometheus: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = prometheus.harness
    assert isinstance(harness.place, Path)
    await prometheus.watch(6)
    with closing(sqlite3.connect(harness.place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await harness.service.alarm.test()
        await prometheus.watch_alone(7)
        prometheus.check({"NeoUsageDatabaseFailing"})
    await harness.service.alarm.test()
    await prometheus.watch(2)
    prometheus.check(set())
    missing = reader_pool(harness.directory / "no-ledger.db", 1)
    with monkeypatch.context() as patch:
        patch.setattr(harness.service.database, "read", missing.read)
        await prometheus.watch_alone(7)
    missing.close()
    prometheus.check({"NeoUsageDatabaseFailing"})


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("free space is a file's")
async def test_an_alert_fires_once_no_backup_was_made_for_two_days(prometheus: Prometheus) -> None:
    harness, prometheus.minutes_apart = prometheus.harness, 30
    directory = Path(harness.settings["BACKUP_DIR"])
    await back_up(harness)
    moved = Path(shutil.move(directory, directory.with_name("elsewhere")))
    for hours, firing in ((47, set[str]()), (5, {"NeoUsageBackupOld"})):
        for _ in range(hours):
            await prometheus.watch(60)
            await back_up(harness)
        prometheus.check(firing)
    shutil.move(moved, directory)
    await back_up(harness)
    await prometheus.watch(60)
    prometheus.check(set())


async def back_up(harness: ServiceHarness) -> None:
    """Make a backup if one is due."""
    await harness.service.jobs.run_every(60)
    await harness.service.jobs.wait_background()


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("free space is a file's")
async def test_no_alert_fires_for_backups_before_the_first_is_due(closed: ServiceHarness, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    closed.settings = {**WITH_MEMBERS, "POLL_SECONDS": "300", "BACKUP_DIR": str(tmp_path / "backups")}
    await closed.open()
    prometheus = Prometheus(closed, tmp_path)
    prometheus.minutes_apart = 30
    await prometheus.watch(5 * 60)
    prometheus.check(set())


@pytest.mark.slow
@pytest.mark.long
@sqlite_only("free space is a file's")
async def test_alerts_fire_when_neos_total_differs_and_credits_run_out(prometheus: Prometheus) -> None:
    harness = prometheus.harness
    for back in range(2, 16):
        add(harness.neo.world, f"day-{back}", "3", email=PRIYA, begun=harness.clock() - back * DAY)
    leave_out(harness, "day-5")
    issue(harness, 12, expires_in=90 * DAY)
    await night(harness)
    await prometheus.watch(10)
    prometheus.check({"NeoUsageTotalDiffers", "NeoUsageCreditsRunOut"})
    leave_out(harness)
    issue(harness, 3_000, expires_in=90 * DAY)
    await night(harness)
    await prometheus.watch(10)
    prometheus.check(set())
