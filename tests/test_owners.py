"""Each table is read and written by the package that declares it; whoever needs its facts calls a query function."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from sqlmodel import SQLModel

BOT = Path(__file__).parents[1] / "bot"
MODULES = [path for path in sorted(BOT.rglob("*.py")) if "sandbox" not in path.parts]
NAMED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE(?: OR [A-Z]+)?)\s+([a-z_]+)")


def package(path: Path) -> str:
    return path.relative_to(BOT).parts[0].removesuffix(".py")


@cache
def owners() -> dict[str, str]:
    """The package that declares each table, by the table's name."""
    found = {}
    for path in sorted(BOT.glob("*/tables.py")):
        module = import_module(f"bot.{package(path)}.tables")
        for _, declared in inspect.getmembers(module, inspect.isclass):
            if issubclass(declared, SQLModel) and declared.__module__ == module.__name__:
                found[str(declared.__tablename__)] = package(path)
    return found


NAMING = {"insert_row", "insert_row_anew", "key_after"}  # functions whose second argument is a table's name


def texts(tree: ast.AST) -> Iterator[str]:
    """Every string in a module; of an f-string all that is written, with a mark for what is put in.

    A table's name that is passed to a function comes as the statement that the function makes of it.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[_, ast.Constant(value=str(table)), *_]) if name in NAMING:
                yield f"INTO {table}"
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def foreign(text: str, own: str) -> set[str]:
    """The tables of other packages that a statement in `text` names."""
    owner = owners()
    return {table for table in NAMED.findall(text) if owner.get(table, own) != own}


@pytest.mark.slow
def test_only_its_package_names_a_table_in_a_statement() -> None:
    found = {
        (package(path), table)
        for path in MODULES
        for text in texts(ast.parse(path.read_text()))
        for table in foreign(text, package(path))
    }
    assert found == set()


@pytest.mark.slow
def test_only_its_package_imports_a_module_of_tables() -> None:
    declaring = set(owners().values())
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.ImportFrom(module=str(module), names=names):
                    imported = [f"{module}.{each.name}" for each in names] + [module]
                case ast.Import(names=names):
                    imported = [each.name for each in names]
                case _:
                    continue
            others = {f"bot.{each}.tables" for each in declaring - {package(path)}}
            assert not others & set(imported), path


def test_what_a_statement_names_is_found_in_every_way_it_is_written() -> None:
    source = '''
plain = "SELECT 1 FROM charge"
joined = f"SELECT {column} FROM {source} JOIN task t ON t.id = c.task"
pieces = ("UPDATE OR IGNORE "
          "budget SET unit = ?")
insert = "INSERT OR REPLACE INTO note VALUES (?,?)"
insert_row(connection, "seen", row)
lines = """SELECT *
FROM
    crossing"""
'''
    found = {table for text in texts(ast.parse(source)) for table in foreign(text, "usage")}
    assert found == {"charge", "task", "budget", "note", "seen", "crossing"}
    assert foreign("SELECT 1 FROM charge JOIN budget b", "ledger") == {"budget"}
