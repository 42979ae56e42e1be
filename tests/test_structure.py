"""How the tests are laid out: helpers stand in `tests/support/`, and no test leans on another."""

import ast
import re
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


AROUND_SQLALCHEMY = {"exec_driver_sql", "driver_connection", "dbapi_connection", "raw_connection"}
DRIVERS = {"sqlite3", "psycopg", "LimitedConnection"}
# the few modules that use a driver itself, and why
BY_THE_DRIVER = {
    "bulk": "many rows as tuples: SQLAlchemy would look at every value of every row",
    "sets": "a set as tuples: SQLAlchemy would spell the statement anew for each set",
    "postgres": "ends a connection that another thread uses, and limits how long the server may be silent",
    "postgres_connections": "makes the connections of an engine, which end themselves after a long silence",
    "postgres_copy": "COPY",
    "copy_into_server": "COPY",
    "long_statements": "lets the server be silent for longer",
    "backup": "SQLite's own backup of a file in use",
    "restore": "a file that is no ledger yet",
    "read_engine": "makes the connections of an engine, which cannot write",
    "snapshot_dialect": "begins a transaction that reads, as the dialect of an engine",
    "kept_file": "makes the connections of an engine, which cannot write",
}


def by_the_driver(tree: ast.AST) -> bool:
    """Return whether a module reaches for a driver's connection, or opens one."""
    return any(
        isinstance(node, ast.Attribute)
        and (
            node.attr in AROUND_SQLALCHEMY
            or (node.attr == "connect" and isinstance(node.value, ast.Name) and node.value.id in DRIVERS)
        )
        for node in ast.walk(tree)
    ) or any(isinstance(node, ast.Name) and node.id in AROUND_SQLALCHEMY for node in ast.walk(tree))


@pytest.mark.slow
def test_the_driver_itself_is_used_where_there_is_a_reason() -> None:
    found = {
        path.relative_to(ROOT / "bot" / "database").with_suffix("").as_posix()
        if path.is_relative_to(ROOT / "bot" / "database")
        else str(path)
        for path in (ROOT / "bot").rglob("*.py")
        if by_the_driver(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == BY_THE_DRIVER.keys()


def logged_in_a_transaction(function: ast.AST) -> list[int]:
    """Return the lines where a function that is given a connection writes to the log."""
    if not isinstance(function, ast.FunctionDef) or not any(
        each.annotation is not None and ast.unparse(each.annotation) == "Connection" for each in function.args.args
    ):
        return []
    return [
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")
    ]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f(connection: Connection):\n    log.info('enqueued')", [2]),
        ("def f(connection: Connection):\n    after_commit(connection, partial(log.info, 'enqueued'))", []),
        ("def f(database: Database):\n    log.info('enqueued')", []),
    ],
)
def test_a_line_logged_in_a_transaction_is_recognised(source: str, lines: list[int]) -> None:
    assert logged_in_a_transaction(ast.parse(source).body[0]) == lines


@pytest.mark.slow
def test_what_a_transaction_writes_is_logged_once_it_is_committed() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in sorted((ROOT / "bot").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and logged_in_a_transaction(node)
    }
    assert found == {"bot/service/start_report.py:log_database"}  # it reads


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


DECODING = re.compile(r"msgspec\.\w+\.decode\(.*type=")


def test_what_json_is_decoded_into_is_known_before_threads_begin() -> None:
    """Two threads in which msgspec meets a type for the first time crash the process: a Decoder is made at import."""
    assert DECODING.search("msgspec.json.decode(stored, type=Balance)")
    paths = sorted((ROOT / "bot").rglob("*.py"))
    assert [path.name for path in paths if DECODING.search(path.read_text(encoding="utf-8"))] == []
