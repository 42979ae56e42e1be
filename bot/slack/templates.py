"""Templates: the texts of messages, rendered as mrkdwn; the environment escapes every value that they are given."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import structlog
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, TemplateNotFound, nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables

from bot.slack.mrkdwn import code, escape, mention, readable_text, typed_line
from bot.slack.template_limits import BoundedEnvironment, check_size
from bot.slack.template_names import FORMER_NAMES, RenamingLoader, former_name

log = structlog.get_logger(__name__)

R = TypeVar("R")


class Templates:
    """The shipped templates of `directory`; an operator's `own` ones of the same names take precedence.

    An own template that cannot be used is left out, and the shipped one is used instead.
    """

    def __init__(self, directory: Path, own: Path | None = None) -> None:
        self._shipped = _shipped_environment(directory)
        self._own = None if own is None else _OwnTemplates(own, directory)
        self._searched = False

    @property
    def broken(self) -> Mapping[str, str] | None:
        """The own templates that cannot be used, each with the reason; None until `prepare` has looked at them."""
        if not self._searched:
            return None
        return {} if self._own is None else self._own.broken

    def render(self, template: str, /, **values: object) -> str:
        """Return the template (such as `usage/help`) with these values, without whitespace around it."""
        name = f"{template}.txt"
        shipped = _render(self._shipped, name, values)
        own = None if self._own is None else self._own.render(name, values, needs_text=bool(shipped))
        return shipped if own is None else own

    def own_names(self) -> list[str]:
        """Return the names of the templates that the operator has replaced."""
        names = (name.removesuffix(".txt") for name in self._shipped.list_templates())
        return [] if self._own is None else [name for name in names if self._own.has(f"{name}.txt")]

    def value_names(self, template: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return which values the shipped template uses, and which the own one that replaces it.

        Raises:
            TemplateError: the own one does not compile.
        """
        return _value_names(self._shipped, f"{template}.txt"), self._replacing.value_names(f"{template}.txt")

    def try_shipped(self, template: str, values: Mapping[str, object]) -> str:
        """Return what comes of the shipped template; raises whatever it does with values of a wrong kind."""
        return _render(self._shipped, f"{template}.txt", values)

    def try_own(self, template: str, values: Mapping[str, object]) -> str:
        """Return what comes of the own template that replaces a shipped one; raises whatever it does."""
        return self._replacing.attempt(f"{template}.txt", values)

    @property
    def _replacing(self) -> "_OwnTemplates":
        if self._own is None:
            raise LookupError("TEMPLATES_DIR is not set")
        return self._own

    def compile_all(self) -> int:
        """Compile every shipped template, and return how many there are.

        Raises TemplateError, OSError or UnicodeError for one that is damaged.
        """
        names = self._shipped.list_templates()
        for name in names:
            self._shipped.get_template(name)
        return len(names)

    def prepare(self) -> None:
        """Read every shipped template, and compile the own ones to find those that are broken.

        A shipped one is compiled when it is first rendered, from what was read: an upgrade may replace the files of a
        running service.
        """
        names = self._shipped.list_templates()
        for name in names:
            _source(self._shipped, name)
        if self._own is not None:
            self._own.compile_all(names)
        self._searched = True


class _OwnTemplates:
    """The templates of TEMPLATES_DIR, under present or former names; `broken` are the unusable ones with the reason."""

    def __init__(self, directory: Path, shipped: Path) -> None:
        self.broken: dict[str, str] = {}
        self._directory = directory
        self._environment = _environment(ChoiceLoader([RenamingLoader(directory), RenamingLoader(shipped)]))
        self._renamed: set[str] = set()

    def render(self, name: str, values: Mapping[str, object], *, needs_text: bool) -> str | None:
        """Return what comes of the own template of that name; None if there is none, or none that can be used.

        Args:
            name: the present name of the template's file.
            values: what it is rendered with.
            needs_text: whether an empty text means that the template is broken.
        """
        file = self._file_of(name)
        if file is None:
            return None
        text = self._attempt(file, lambda: _render(self._environment, file, values))
        if text is None:
            return None
        if needs_text and not text:
            self._mark_broken(file, "it says nothing")
            return None
        self.broken.pop(file, None)
        return text

    def has(self, name: str) -> bool:
        """Return whether there is an own template of that name, or of the one it had before."""
        return self._file_of(name) is not None

    def value_names(self, name: str) -> frozenset[str]:
        """Return which values the own template of that name uses. Raises TemplateError if it does not compile."""
        return _value_names(self._environment, self._file_of(name) or name)

    def attempt(self, name: str, values: Mapping[str, object]) -> str:
        """Return what comes of the own template of that name; raises whatever it does."""
        return _render(self._environment, self._file_of(name) or name, values)

    def compile_all(self, shipped: list[str]) -> None:
        """Compile every own template; what has the name of none that is shipped is broken."""
        for path in self._directory.rglob("*.txt"):
            self._compile(path.relative_to(self._directory).as_posix(), shipped)

    def _compile(self, file: str, shipped: list[str]) -> None:
        if self._attempt(file, lambda: self._environment.get_template(file)) is None:
            return
        if file in FORMER_NAMES:
            self._warn_of_former_name(file)
        elif file not in shipped:
            self._mark_broken(file, "no message is called so")

    def _attempt(self, file: str, work: Callable[[], R]) -> R | None:
        """Return what is done with an own template; None if that fails, and the template is marked as broken."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - an operator's file may hold anything, and do anything wrong
            self._mark_broken(file, _reason(error))
            return None

    def _file_of(self, name: str) -> str | None:
        """Return the file that holds the template of that name, which may have a former name; None if there is none."""
        if (self._directory / name).is_file():
            return name
        former = former_name(name)
        if former is None or not (self._directory / former).is_file():
            return None
        self._warn_of_former_name(former)
        return former

    def _warn_of_former_name(self, file: str) -> None:
        if file not in self._renamed:
            log.warning("a template of TEMPLATES_DIR has a new name", template=file, new_name=FORMER_NAMES[file])
        self._renamed.add(file)

    def _mark_broken(self, file: str, reason: str) -> None:
        if self.broken.get(file) != reason:
            log.warning("a template of TEMPLATES_DIR cannot be used; the shipped one is", template=file, why=reason)
        self.broken[file] = reason


def _render(environment: BoundedEnvironment, name: str, values: Mapping[str, object]) -> str:
    with environment.rendering():
        return environment.text(environment.get_template(name), values).strip()


def _value_names(environment: BoundedEnvironment, name: str) -> frozenset[str]:
    """Return which values a template uses, and whatever it includes; what it includes and is missing uses none."""
    names, pending, seen = set[str](), [name], set[str]()
    while pending:
        file = pending.pop()
        seen.add(file)
        parsed = _parsed(environment, file)
        if parsed is None:
            continue
        names |= find_undeclared_variables(parsed)
        pending += [each for each in find_referenced_templates(parsed) if each is not None and each not in seen]
    return frozenset(names - environment.globals.keys())


def _parsed(environment: BoundedEnvironment, file: str) -> nodes.Template | None:
    """Return a parsed template; None if there is none of that name. Raises TemplateError if it does not compile."""
    try:
        return environment.parse(_source(environment, file))
    except TemplateNotFound:
        return None


def _source(environment: BoundedEnvironment, file: str) -> str:
    """Return the text of a template. Raises TemplateNotFound."""
    return environment.loader.get_source(environment, file)[0] if environment.loader else ""


def _reason(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    return f"{error}{f' (line {line})' if line else ''}"


class _ReadOnceLoader(FileSystemLoader):
    """Loads the templates of a directory, each of which it reads once."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._sources: dict[str, tuple[str, str, Callable[[], bool]]] = {}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the template's text, its file, and whether that is unchanged. Raises TemplateNotFound."""
        if template not in self._sources:
            self._sources[template] = super().get_source(environment, template)
        return self._sources[template]


@cache
def _shipped_environment(directory: Path) -> BoundedEnvironment:
    """Return the environment of the shipped templates, which never change: each is read and compiled once a process."""
    environment = _environment(_ReadOnceLoader(directory))
    environment.auto_reload = False
    return environment


def _environment(loader: BaseLoader) -> BoundedEnvironment:
    environment = BoundedEnvironment(loader, lambda value: escape(check_size(value)))
    environment.globals |= {"mention": mention, "code": code, "typed": typed_line}
    environment.filters["spoken"] = lambda sentence: readable_text(str(sentence))  # of a list of stand-ins, too
    return environment
