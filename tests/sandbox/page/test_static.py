"""The page's JavaScript modules import each other without a cycle, and only what exists."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

from bot.sandbox.page.server import STATIC

IMPORT = re.compile(r"""^\s*(?:import|export)\b[^"';]*?["']\./([\w-]+\.js)["']""", re.MULTILINE)
ANY_IMPORT = re.compile(r"^\s*import\b|^\s*export\b[^=\n]*\bfrom\b|\bimport\(", re.MULTILINE)


def imports(module: Path) -> list[str]:
    return IMPORT.findall(module.read_text(encoding="utf-8"))


def graph() -> dict[str, list[str]]:
    return {module.name: imports(module) for module in STATIC.glob("*.js")}


def test_no_module_imports_itself_through_others() -> None:
    order = list(TopologicalSorter(graph()).static_order())  # raises CycleError
    assert order[-1] == "main.js"


def test_every_import_is_seen_and_leads_to_a_module() -> None:
    modules = graph()
    for name, targets in modules.items():
        statements = ANY_IMPORT.findall((STATIC / name).read_text(encoding="utf-8"))
        assert len(targets) == len(statements), f"an import of {name} is written in another form"
        assert set(targets) <= modules.keys()


def test_every_module_is_loaded_by_the_page() -> None:
    modules, index = graph(), (STATIC / "index.html").read_text(encoding="utf-8")
    loaded = {name for name in modules if f"/static/{name}" in index}
    while reached := {target for name in loaded for target in modules[name]} - loaded:
        loaded |= reached
    assert loaded == modules.keys()
