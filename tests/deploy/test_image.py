"""An installation as the image has it: made by the Dockerfile's steps, run by any user, from elsewhere, unwritable."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

from bot.app import system_clock
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import World
from tests.support.image import Image
from tests.support.locks import REQUIRED, RUNNING, name

pytestmark = pytest.mark.slow

REGISTRY_REQUIRED = os.environ.get("NEO_USAGE_REGISTRY") == "required"
PATIENCE = 60


@pytest.fixture
def image() -> Iterator[Image]:
    directory = Path(tempfile.mkdtemp(prefix="neo-usage-image-"))  # pytest's own is for its user alone
    directory.chmod(0o755)
    made = Image(directory)
    try:
        made.make()
        yield made
    except subprocess.CalledProcessError as error:
        if REGISTRY_REQUIRED:
            raise
        pytest.skip(f"THE IMAGE'S STEPS ARE NOT TRIED: `{error.cmd}` failed, which needs a package registry")
    finally:
        subprocess.run(["chmod", "-R", "u+w", directory], check=True)  # noqa: S603, S607
        shutil.rmtree(directory)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(SlackApi(Workspace.default(), system_clock)) as server:
        yield server


@pytest.fixture
def settings(image: Image, slack: SlackServer) -> Iterator[dict[str, str]]:
    """The settings that connect an installation to the embedded Neo and Slack; secrets are files."""
    workspace, now = slack.api.workspace, system_clock()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with NeoServer(NeoApi(World(seed=5, start=now, history_days=10), lambda: now)) as neo:
        yield {
            **image.secrets(neo_api_key=neo.api.key, slack_bot_token=workspace.bot_token,
                            slack_app_token=workspace.app_token),
            "NEO_API_URL": neo.url, "SLACK_API_URL": slack.api_url,
            "ADMINS": "hannah.weiss@acme.example", "BYOK_UNIT": "credits", "HISTORY_DAYS": "10", "HTTP_PORT": str(port),
        }  # fmt: skip


def tree(directory: Path) -> dict[Path, tuple[int, int]]:
    """What is in a directory, with the mode and the time of change of each."""
    return {path: (status.st_mode, status.st_mtime_ns) for path in directory.rglob("*") for status in [path.lstat()]}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_it_runs_from_anywhere_as_anybody(image: Image, settings: dict[str, str], slack: SlackServer) -> None:
    before = tree(image.installed)
    check_packages(image)
    check_modes(image)
    check_commands(image, settings)
    check_service(image, settings, slack)
    check_demo(image)
    assert tree(image.installed) == before


def check_packages(image: Image) -> None:
    """It holds what the lock names, and no tool."""
    [packages] = image.installed.glob("lib/python3.*/site-packages")
    installed = {name(each.metadata["Name"]) for each in distributions(path=[str(packages)])}
    assert REQUIRED | {"neo-usage-bot"} <= installed <= {*RUNNING, "neo-usage-bot"}


def check_modes(image: Image) -> None:
    """Whoever runs it can read all of it, and write nothing."""
    modes = [mode for mode, _ in tree(image.installed).values() if not stat.S_ISLNK(mode)]
    assert len(modes) > 1_000
    assert all(mode & stat.S_IROTH and not mode & 0o222 for mode in modes)


def check_commands(image: Image, settings: dict[str, str]) -> None:
    """It reads Neo, checks itself and answers, and writes its ledger alone."""
    synced = image.run("neo-usage", "sync", settings=settings, cwd=image.data)
    assert "complete: yes" in synced.stdout, synced.stderr
    doctor = image.run("neo-usage", "doctor", settings=settings, cwd=image.data)
    assert doctor.returncode == 0, doctor.stdout
    assert "  files " not in doctor.stdout
    report = image.run("neo-usage", "report", "9d", settings=settings, cwd=image.data)
    assert "$" in report.stdout, report.stderr
    assert {each.name.partition(".")[0] for each in image.data.iterdir()} == {"neo-usage"}


def check_service(image: Image, settings: dict[str, str], slack: SlackServer) -> None:
    """It serves, healthy, until it is told to end."""
    check = image.argument("HEALTHCHECK")
    started = [*image.argument("ENTRYPOINT"), *image.argument("CMD")]
    with subprocess.Popen(  # noqa: S603 - the image's own command
        image.command(*started), cwd=image.data, env=image.environment(settings), stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: len(slack.api.sockets) == 1)
        healthy = image.run(*check, settings=settings, cwd=image.data)
        everywhere = image.run(*check, settings={**settings, "HTTP_HOST": "0.0.0.0"}, cwd=image.data)  # noqa: S104
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, log
    assert (healthy.returncode, healthy.stdout) == (0, "The bot is alive.\n"), healthy.stderr
    assert everywhere.returncode == 0
    ended = image.run(*check, settings=settings, cwd=image.data)
    assert ended.returncode == 1
    assert f"no bot answers at http://127.0.0.1:{settings['HTTP_PORT']}/healthz" in ended.stderr


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until another process has brought something about."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def check_demo(image: Image) -> None:
    """The demo runs from another directory, and leaves nothing."""
    with subprocess.Popen(  # noqa: S603 - the image's own command
        image.command("neo-usage", "demo", "--port", "0", "--no-browser"), cwd=image.directory / "home",
        env=image.environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url is not None
        with urllib.request.urlopen(url[0], timeout=PATIENCE) as page:  # noqa: S310 - our own page
            assert b"neo-usage" in page.read()
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (0, "")
    assert list((image.directory / "home").iterdir()) == []
    assert list((image.directory / "tmp").iterdir()) == []
