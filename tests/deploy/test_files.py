"""The files under `deploy/`: they name what exists, agree with each other, and what checks them finds mistakes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings.environment import load
from bot.settings.variables import FILE_NAMES, NAMES, VARIABLES
from bot.slack.http import EVENTS
from tests.support.image import IGNORED, ROOT, Image

DEPLOY = ROOT / "deploy"
SECRETS = {each.removesuffix("_FILE") for each in FILE_NAMES}
NEEDED = {"NEO_API_KEY_FILE", "SLACK_BOT_TOKEN_FILE", "SLACK_APP_TOKEN_FILE"}
COMPOSE, COMPOSE_HTTP = (
    yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8")) for name in ("compose.yaml", "compose.http.yaml")
)
UNIT = (DEPLOY / "systemd" / "neo-usage.service").read_text(encoding="utf-8")
WRAPPER = (DEPLOY / "systemd" / "neo-usage").read_text(encoding="utf-8")
MANUAL = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
MANIFESTS = [DEPLOY / "kubernetes" / f"{each}.yaml" for each in ("sqlite", "postgres")]
RESTORE, HTTP = DEPLOY / "kubernetes" / "restore.yaml", DEPLOY / "kubernetes" / "http.yaml"


def objects(manifest: Path) -> dict[str, Any]:
    """Return the objects of a manifest by their kind."""
    return {each["kind"]: each for each in yaml.safe_load_all(manifest.read_text(encoding="utf-8"))}


def pod(manifest: Path) -> dict[str, Any]:
    found = objects(manifest)
    spec: dict[str, Any] = found["Pod"]["spec"] if "Pod" in found else found["Deployment"]["spec"]["template"]["spec"]
    return spec


def variables() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the variables that each way to run sets, by its name."""
    for name, service in COMPOSE["services"].items():
        if name != "postgres":
            yield name, service["environment"]
    for path in MANIFESTS:
        [container] = pod(path)["containers"]
        env = {each["name"]: each["value"] for each in container["env"]}
        yield path.name, {**env, **objects(path)["ConfigMap"]["data"]}
    yield "systemd", dict(re.findall(r"^Environment=(\w+)=(.*)$", UNIT, re.MULTILINE))


@pytest.mark.parametrize(("way", "values"), [*variables()])
def test_every_variable_is_a_setting_and_secrets_come_as_files(way: str, values: dict[str, str]) -> None:
    files = {each for each in values if each.endswith("_FILE")}
    assert {each.removesuffix("_FILE") for each in files} <= SECRETS, way
    assert values.keys() - files <= set(NAMES) - SECRETS
    assert files >= NEEDED


def test_settings_of_the_examples_can_be_used() -> None:
    parsers = {each.name: each for each in VARIABLES}
    for _, values in variables():
        for name, value in values.items():
            if name in parsers:
                parsers[name].parse(value)


class TestCompose:
    def test_nothing_starts_without_a_profile_and_the_profiles_share_no_bot(self) -> None:
        profiles = {name: service["profiles"] for name, service in COMPOSE["services"].items()}
        assert profiles == {"neo-usage": ["sqlite"], "replica": ["postgres"], "postgres": ["postgres"]}

    @pytest.mark.parametrize("name", ["neo-usage", "replica"])
    def test_a_bot_can_write_nothing_and_gets_no_rights(self, name: str) -> None:
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "ports" not in service

    def test_each_secret_is_given_to_who_reads_it(self) -> None:
        for service in COMPOSE["services"].values():
            read = [each for name, each in service["environment"].items() if name.endswith("_FILE")]
            assert sorted(read) == sorted(f"/run/secrets/{each}" for each in service["secrets"])
        assert {each for service in COMPOSE["services"].values() for each in service["secrets"]} == {
            *COMPOSE["secrets"]
        }

    def test_prometheus_can_reach_the_bots_and_their_port_is_not_published(self) -> None:
        for name in ("neo-usage", "replica"):
            service = COMPOSE["services"][name]
            assert service["environment"]["METRICS_HOST"] == "0.0.0.0"  # noqa: S104 - of a network of its own
            assert "default" in service.get("networks", ["default"])
            assert "ports" not in service

    def test_the_bot_has_longer_to_end_than_it_takes(self) -> None:
        assert COMPOSE["x-bot"]["stop_grace_period"] == "20s"

    @pytest.mark.parametrize("name", ["neo-usage", "replica"])
    def test_over_http_each_bot_has_the_signing_secret_and_no_socket(self, tmp_path: Path, name: str) -> None:
        base, over = (each["services"][name] for each in (COMPOSE, COMPOSE_HTTP))
        merged = {**base["environment"], **over["environment"]}
        environment = {variable: value.replace("/run/secrets", str(tmp_path)) for variable, value in merged.items()}
        secrets = {"neo_api_key": "neo_sk_1", "slack_bot_token": "xoxb-1", "slack_signing_secret": "f" * 32}
        for secret in [*base["secrets"], *over["secrets"]]:
            address = "postgresql+psycopg://a:b@c/d"
            (tmp_path / secret).write_text(secrets.get(secret, address if secret == "database_url" else ""))
        settings = load(environment, tmp_path)
        assert (settings.slack_app_token, settings.http_host) == (None, "0.0.0.0")  # noqa: S104 - of the container
        assert settings.slack_signing_secret is not None
        assert all(each.startswith("127.0.0.1:") and each.endswith(":8080") for each in over["ports"])

    def test_over_http_no_secret_is_asked_for_that_nobody_has(self) -> None:
        files = {name: each["file"] for name, each in {**COMPOSE["secrets"], **COMPOSE_HTTP["secrets"]}.items()}
        assert files.pop("slack_app_token") == files["slack_signing_secret"]
        assert files == {name: f"secrets/{name}" for name in files}

    def test_one_bot_keeps_a_file_and_two_share_a_server(self) -> None:
        assert COMPOSE["services"]["neo-usage"]["volumes"] == ["ledger:/data"]
        assert "deploy" not in COMPOSE["services"]["neo-usage"]
        assert COMPOSE["services"]["replica"]["deploy"] == {"replicas": 2}
        assert "volumes" not in COMPOSE["services"]["replica"]


class TestKubernetes:
    @pytest.mark.parametrize("path", [*MANIFESTS, RESTORE], ids=lambda path: path.name)
    def test_a_bot_can_write_nothing_and_gets_no_rights(self, path: Path) -> None:
        [container] = pod(path)["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod(path)["securityContext"]["runAsNonRoot"] is True
        assert pod(path)["automountServiceAccountToken"] is False

    @pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
    def test_what_is_mounted_is_a_volume_of_the_pod_and_holds_the_secrets(self, path: Path) -> None:
        [container] = pod(path)["containers"]
        volumes = {each["name"]: each for each in pod(path)["volumes"]}
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        assert mounts.keys() == volumes.keys()
        files = [each["value"] for each in container["env"] if each["name"].endswith("_FILE")]
        assert all(each.startswith(f"{mounts['secrets']}/") for each in files)
        assert volumes["secrets"]["secret"]["defaultMode"] == 0o440

    def test_two_bots_never_share_a_file(self) -> None:
        spec = objects(DEPLOY / "kubernetes" / "sqlite.yaml")["Deployment"]["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})

    def test_a_backup_is_put_back_with_what_the_bot_has(self) -> None:
        bot, shell = pod(DEPLOY / "kubernetes" / "sqlite.yaml"), pod(RESTORE)
        for part in ("securityContext", "volumes"):
            assert bot[part] == shell[part]
        [runs], [waits] = bot["containers"], shell["containers"]
        for part in ("image", "envFrom", "securityContext", "volumeMounts", "resources"):
            assert runs[part] == waits[part]
        assert [each for each in runs["env"] if each["name"] != "HTTP_HOST"] == waits["env"]
        assert waits["command"][0] == "sleep"

    @pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
    def test_over_http_slacks_requests_reach_the_bots_and_no_others_do(self, path: Path) -> None:
        found = objects(HTTP)
        service, ingress = found["Service"]["spec"], found["Ingress"]["spec"]
        assert service["selector"] == objects(path)["Deployment"]["spec"]["template"]["metadata"]["labels"]
        [port] = service["ports"]
        [container] = pod(path)["containers"]
        assert port["targetPort"] in {each["name"] for each in container["ports"]}
        [rule] = ingress["rules"]
        [way] = rule["http"]["paths"]
        assert (way["path"], way["pathType"]) == (EVENTS, "Exact")
        backend = {"name": found["Service"]["metadata"]["name"], "port": {"name": port["name"]}}
        assert way["backend"]["service"] == backend
        assert [rule["host"]] == ingress["tls"][0]["hosts"]

    def test_only_prometheus_reaches_the_metrics(self) -> None:
        policy = objects(DEPLOY / "kubernetes" / "metrics.yaml")["NetworkPolicy"]["spec"]
        http, metrics = policy["ingress"]
        assert http == {"ports": [{"port": "http"}]}
        assert metrics["ports"] == [{"port": "metrics"}]
        assert [*metrics["from"][0]] == ["namespaceSelector"]
        for path in MANIFESTS:
            [container] = pod(path)["containers"]
            assert {each["name"]: each["containerPort"] for each in container["ports"]} == {
                "http": 8080,
                "metrics": 9464,
            }
            labels = objects(path)["Deployment"]["spec"]["template"]["metadata"]["labels"]
            assert policy["podSelector"]["matchLabels"] == labels

    def test_two_bots_share_a_server_and_one_always_answers(self) -> None:
        found = objects(DEPLOY / "kubernetes" / "postgres.yaml")
        assert found["Deployment"]["spec"]["replicas"] == 2
        assert found["Deployment"]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        assert found["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
        assert "PersistentVolumeClaim" not in found


class TestSystemd:
    def test_a_command_runs_as_the_service_does(self) -> None:
        given = dict(re.findall(r"--property=(\w+)=(\S+)", WRAPPER))
        assert {"User", "Group", "StateDirectoryMode", "WorkingDirectory", "UMask", "EnvironmentFile"} <= given.keys()
        for name in given.keys() - {"LoadCredential"}:
            assert f"\n{name}={given[name]}\n" in UNIT
        secrets = WRAPPER.replace("$secrets", "/etc/neo-usage/secrets").replace('"', "")
        credentials = re.findall(r"^LoadCredential=(\S+)$", UNIT, re.MULTILINE)
        assert re.findall(r"LoadCredential=(\S+)", secrets) == credentials
        files = re.findall(r"^Environment=(\w+)=%d/(\w+)$", UNIT, re.MULTILINE)
        assert re.findall(r'export (\w+)="\$CREDENTIALS_DIRECTORY/(\w+)"', WRAPPER) == files
        assert [each for _, each in files] == [each.partition(":")[0] for each in credentials]

    @pytest.mark.parametrize(
        ("change", "finding"),
        [
            (("Restart=always", "Restrat=always"), "Restrat"),
            (("Type=exec", "Type=exce"), "exce"),
            (("NoNewPrivileges=yes\n", "PrivateNetwork=no\n"), "NoNewPrivileges"),
        ],
    )
    def test_mistakes_in_the_unit_are_found(self, tmp_path: Path, change: tuple[str, str], finding: str) -> None:
        if shutil.which("systemd-analyze") is None:
            assert os.environ.get("NEO_USAGE_SYSTEMD") != "required"
            pytest.skip("THE UNIT IS NOT VERIFIED: there is no systemd-analyze. It is in Debian's package systemd")
        assert change[0] in UNIT
        shutil.copy(DEPLOY / "systemd" / "verify", tmp_path)
        stripped = re.sub(r"^(Restrict|Protect|Private)\w+=.*\n", "", UNIT, flags=re.MULTILINE)
        text = stripped if finding == "NoNewPrivileges" else UNIT
        (tmp_path / "neo-usage.service").write_text(text.replace(*change), encoding="utf-8")
        found = subprocess.run([tmp_path / "verify"], check=False, capture_output=True, text=True)  # noqa: S603
        assert found.returncode == 1
        assert finding in found.stderr

    @pytest.mark.parametrize(("variables", "code"), [({}, 0), ({"NEO_USAGE_SYSTEMD": "required"}, 1)])
    def test_where_nothing_can_check_it_that_is_said_or_fails(
        self, tmp_path: Path, variables: dict[str, str], code: int
    ) -> None:
        verify = [DEPLOY / "systemd" / "verify"]
        without = {"PATH": str(tmp_path), **variables}
        done = subprocess.run(verify, env=without, check=False, capture_output=True, text=True)  # noqa: S603
        assert done.returncode == code
        assert "systemd-analyze isn't here: the unit is not verified" in done.stderr


class TestManual:
    """Who follows docs/operating.md has made whatever the files ask for."""

    def test_every_file_that_it_names_exists(self) -> None:
        named = set(re.findall(r"(?<!\w)deploy/[\w./-]*\w", MANUAL)) - {"deploy/neo-usage"}  # that one is a Deployment
        assert len(named) > 5
        assert {each for each in named if not (ROOT / each).is_file()} == set()

    def test_it_makes_each_secret_of_the_unit(self) -> None:
        made = re.findall(r"/dev/stdin (/etc/neo-usage/secrets/\w+)$", MANUAL, re.MULTILINE)
        assert made == re.findall(r"^LoadCredential=\w+:(\S+)$", UNIT, re.MULTILINE)

    def test_it_makes_each_secret_of_compose_and_names_its_profiles(self) -> None:
        made = set(re.findall(r'>"?secrets/(\w+)', MANUAL))
        assert made == {*COMPOSE["secrets"], *COMPOSE_HTTP["secrets"], "webhook_secret"}
        profiles = {each for service in COMPOSE["services"].values() for each in service["profiles"]}
        assert set(re.findall(r"--profile (\w+)", MANUAL)) == profiles

    def test_it_makes_each_secret_of_the_manifests(self) -> None:
        [container] = pod(DEPLOY / "kubernetes" / "postgres.yaml")["containers"]
        read = {Path(each["value"]).name for each in container["env"] if each["name"].endswith("_FILE")}
        assert set(re.findall(r"--from-file=(\w+)", MANUAL)) == read | {"slack_signing_secret", "webhook_secret"}

    def test_another_secret_is_given_to_the_bot_that_reads_it(self) -> None:
        [block] = re.findall(r"```yaml\n(.*?)```", self.another_secret(), re.DOTALL)
        added = yaml.safe_load(block)
        [bot] = added["services"].values()
        assert added["services"].keys() < COMPOSE["services"].keys()
        [(variable, path)] = bot["environment"].items()
        assert variable in FILE_NAMES
        assert bot["secrets"] == [Path(path).name] == [*added["secrets"]]

    def test_another_secret_is_named_alike_in_each_way(self) -> None:
        text = self.another_secret()
        assert text.count("LoadCredential=webhook_secret:/etc/neo-usage/secrets/webhook_secret") == 1
        assert text.count("Environment=WEBHOOK_SECRET_FILE=%d/webhook_secret") == 1
        manifest = "{name: WEBHOOK_SECRET_FILE, value: /run/secrets/neo-usage/webhook_secret}"
        assert yaml.safe_load(re.findall(r"`(\{name: [^`]*)`", text)[0]) == yaml.safe_load(manifest)

    def another_secret(self) -> str:
        return MANUAL.partition("\n### Another secret\n")[2].partition("\n### ")[0]


class TestDockerfile:
    def test_it_runs_the_bot_as_somebody_without_a_name(self, tmp_path: Path) -> None:
        image = Image(tmp_path)
        [user] = [each.rest for each in image.final if each.name == "USER"]
        assert user == "10001:0"
        assert image.argument("ENTRYPOINT") + image.argument("CMD") == ["neo-usage", "run"]
        assert image.argument("HEALTHCHECK") == ["neo-usage", "status", "--health"]

    def test_the_builder_gets_what_it_copies_and_nothing_else(self, tmp_path: Path) -> None:
        lines = [each for each in IGNORED.read_text(encoding="utf-8").splitlines() if not each.startswith("#")]
        copied = [source for each in Image(tmp_path).build if each.name == "COPY" for source in each.words[:-1]]
        assert lines == ["*", *(f"!{each}" for each in copied), "**/__pycache__", "**/*.pyc"]

    def test_its_labels_say_what_it_is(self, tmp_path: Path) -> None:
        [labels] = [each.rest for each in Image(tmp_path).final if each.name == "LABEL"]
        for name in ("title", "description", "licenses", "version", "revision", "source"):
            assert f'org.opencontainers.image.{name}="' in labels
