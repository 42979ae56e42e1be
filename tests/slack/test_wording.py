"""What people read keeps to the guide: in Slack no inner words, no shell commands, no settings but for operators."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.shipped import shipped
from tests.support.docs import PAGES, prose

TEMPLATES = sorted(shipped("templates").rglob("*.txt"))
CODE = shipped("templates").parent / "bot"
PACKAGES = (
    "people", "usage", "budgets", "failures", "spikes", "home", "digest", "subscriptions", "linking", "reconcile",
    "balance", "domain/everyday", "domain/query", "slack",
)  # fmt: skip
# of these only the terminal, the doctor or the log is told
ELSEWHERE = re.compile(r"/(?:cli|document|signature|transport|events?|\w+_printer)\.py$|/budgets/file/")
TERMINAL = {"name_and_period", "LinkedElsewhereError"}  # functions and classes for the terminal alone
INNER = re.compile(
    r"(?<![:\w])(?:booked|owed|told|tells?|mend(?:s|ed)?|charges?|quarantined?|ledger|crossings?|scopes?|any more|oops"
    r"|unfortunately|awesome|sorry)(?!\w)",
    re.IGNORECASE,
)
SHELL = re.compile(
    r"`neo-usage [a-z]|(?i:run) neo-usage|(?<!\w)(?:pip|docker|sudo|curl) "
    r"|\.env(?!\w)|(?<!\w)\w+\.(?:py|toml|sqlite|db)(?!\w)"
)
SETTING = re.compile(r"(?<![\w<])[A-Z]{2,}(?:_[A-Z]+)+(?!\w)")
GLUED_PERCENT = re.compile(r"\d %")
CHEER = re.compile(r"[\w}]!(?:\s|$)")
# what no page and no line of the log says either, which may name files, settings, commands and the ledger
STILTED = re.compile(
    r"(?<!\w)(?:any\s+more(?=[\s*]*[.,:;])|anew|mend(?:s|ed)?|spelt|whilst|oops|unfortunately|awesome|sorry"
    r"|(?:colour|behaviour|favour|organis|recognis|summaris|normalis)\w*)(?!\w)",
    re.IGNORECASE,
)
LOGGING = re.compile(r"log\.(?:debug|info|warning|error|exception|critical)$")
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
ALLOWED = {  # what is Slack's own word there, or somebody telling somebody
    "usage/internal_error": {"tell"},  # an operator
    "usage/welcome": {"tell"},  # me who someone is
    "usage/database_unavailable": {"tell"},
    "people/denial": {"Sorry"},
}
FOR_OPERATORS = {
    "incidents/incident",
    "incidents/not_started",
    "usage/status",
    "usage/welcome",
    "usage/status_footnote",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(shipped("templates")).with_suffix(""))


def said_by(template: str) -> str:
    """What a template says itself: its text, and the texts within its expressions."""
    tags = "".join(re.findall(r"{{.*?}}|{%.*?%}", template, flags=re.DOTALL))
    text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "\u2022", template, flags=re.DOTALL)
    return "\n".join([text, *(words for words in re.findall(r'"([^"]*)"', tags) if " " in words)])


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_keeps_to_the_guide(path: Path) -> None:
    name, template = name_of(path), path.read_text(encoding="utf-8")
    said = said_by(template)
    assert set(INNER.findall(said)) - ALLOWED.get(name, set()) == set()
    assert SHELL.findall(said) == []
    assert GLUED_PERCENT.findall(said) == CHEER.findall(said) == []
    if name not in FOR_OPERATORS:
        for_all = re.sub(r"{% if operator %}.*?{% (?:else|endif) %}", "", template, flags=re.DOTALL)
        assert SETTING.findall(said_by(for_all)) == []


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that read as sentences, with their lines, without docstrings, logs and statements."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    apart: set[ast.AST] = set()
    for node in ast.walk(tree):
        is_call = isinstance(node, ast.Call) and re.match(
            r"log\.|re\.compile$|text$|literal_column$|_words$|(?:MalformedKey|Value|Type|Settings)Error$",
            ast.unparse(node.func),
        )
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_of_terminal = isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in TERMINAL
        if is_call or is_docstring or is_of_terminal:
            apart.update(ast.walk(node))
    for node in ast.walk(tree):
        if node not in apart and isinstance(node, ast.JoinedStr | ast.Constant) and " " in (said := _said(node)):
            yield node.lineno, said


def _said(node: ast.JoinedStr | ast.Constant) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = (str(part.value) if isinstance(part, ast.Constant) else "\u2022" for part in parts)
    said = "".join(texts)
    return said if re.search(r"[A-Za-z`\u2022][.?](?:\s|$)", said) else ""


@pytest.mark.parametrize("package", PACKAGES)
def test_the_sentences_of_the_code_keep_to_the_guide(package: str) -> None:
    found = [
        (f"{path.relative_to(CODE)}:{line}", said)
        for path in sorted((CODE / package).rglob("*.py"))
        if not ELSEWHERE.search(path.as_posix())
        for line, said in sentences(path)
        if INNER.search(said) or SHELL.search(said) or SETTING.search(said) or GLUED_PERCENT.search(said)
    ]
    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_of_the_manual_keeps_to_the_guide(page: Path) -> None:
    said = INLINE_CODE.sub("\u2022", prose(page))
    assert STILTED.findall(said) == GLUED_PERCENT.findall(said) == CHEER.findall(said) == []


def test_the_lines_of_the_log_keep_to_the_guide() -> None:
    said = dict(logged())
    assert len(said) > 60
    broken = {
        where: line
        for where, line in said.items()
        if STILTED.search(line) or GLUED_PERCENT.search(line) or CHEER.search(line)
    }
    assert broken == {}


def logged() -> Iterator[tuple[str, str]]:
    """What the modules write into the log, with the place of each."""
    for path in sorted(CODE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "log." in text else ():
            if isinstance(node, ast.Call) and node.args and LOGGING.match(_name_of(node.func)):
                yield f"{path.relative_to(CODE)}:{node.lineno}", ast.unparse(node.args[0])


def _name_of(function: ast.expr) -> str:
    """The dotted name of a function of a name's; empty if it has none."""
    is_attribute = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    return ast.unparse(function) if is_attribute else ""
