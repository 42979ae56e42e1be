"""How the tests are laid out: helpers stand in `tests/support/`, and no test leans on another."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
ASIDE = {"deploy", "sandbox", "support"}  # outside of `bot`; the sandbox's tests have packages of their own within


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the full name of each module and each name that the file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from (f"{module}.{each.name}" for each in node.names)


def from_test_or_conftest(name: str) -> bool:
    """Return whether the name stands in a test module or a conftest of this suite."""
    first, *rest = name.split(".")
    return first == "tests" and any(each == "conftest" or each.startswith("test_") for each in rest)


@pytest.mark.parametrize("name", ["tests.service.conftest.world", "tests.budgets.test_budgets.copied"])
def test_an_import_of_a_test_is_recognised(name: str) -> None:
    assert from_test_or_conftest(name)


@pytest.mark.slow
def test_no_test_imports_from_a_test_or_a_conftest() -> None:
    paths = sorted(TESTS.rglob("*.py"))
    assert len(paths) > 100
    assert [(path.name, each) for path in paths for each in imported_modules(path) if from_test_or_conftest(each)] == []


def test_each_directory_of_tests_has_the_name_of_a_package() -> None:
    directories = {each.name for each in TESTS.iterdir() if each.is_dir() and any(each.glob("*.py"))}
    assert len(directories) > 10
    assert directories - ASIDE <= {each.name for each in (ROOT / "bot").iterdir() if each.is_dir()}


def test_each_package_stands_on_a_floor_of_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    floors = next(each["layers"] for each in contracts if each["type"] == "layers")
    placed = {name.removeprefix("bot.") for floor in floors for name in floor.split(" | ")}
    found = {each.stem for each in (ROOT / "bot").iterdir() if each.suffix == ".py" or (each / "__init__.py").is_file()}
    assert found - placed == {"__init__", "__main__", "sandbox"}


def is_choice_of_texts(check: ast.expr) -> bool:
    """Return whether the check is `A in text or B in text`, which says of neither that it must be there."""
    if not (isinstance(check, ast.BoolOp) and isinstance(check.op, ast.Or)):
        return False
    sides = [each for each in check.values if isinstance(each, ast.Compare) and isinstance(each.ops[0], ast.In)]
    return len(sides) == len(check.values) and len({ast.unparse(each.comparators[0]) for each in sides}) == 1


@pytest.mark.parametrize(
    ("check", "is_one"),
    [
        ("'a' in text or 'b' in text", True),
        ("'a' in text(x) or 'b' in text(x) or 'c' in text(x)", True),
        ("'a' in text and 'b' in text", False),
        ("'a' not in text or 'b' in typed", False),
        ("'a' in text", False),
    ],
)
def test_a_choice_of_texts_is_recognised(check: str, *, is_one: bool) -> None:
    assert is_choice_of_texts(ast.parse(check, mode="eval").body) is is_one


@pytest.mark.slow
def test_no_test_asserts_one_text_or_another() -> None:
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert) and is_choice_of_texts(node.test)
    ]
    assert found == []
