"""The environment of templates: they format what they are given, within bounds, and reach nothing else."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from jinja2 import Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

STEPS = 5_000  # rounds of loops, calls and filters of one rendering
LONGEST = 5_000  # characters or items of one value on the way, and the widest that anything is padded to
_LONGEST_SOURCE, _LONGEST_TEXT = 10_000, 50_000  # characters of a template, and of what comes of it
_BITS = 256  # of a number
_UNBOUNDED = {"default", "d", "format"}  # filters whose numbers are no widths
_WIDE_FORMAT = re.compile(r"\d{4}|\*|\{[^}]*\{")

_steps: ContextVar[list[int]] = ContextVar("_steps")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with a limit to what a rendering may compute; what goes beyond raises SecurityError."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Jinja's own
        super().__init__(**options)
        del self.globals["lipsum"]
        self.globals["range"] = _range
        self.filters = {name: _bounded(name, each) for name, each in self.filters.items()}
        self.filters |= {_COUNTED: _counted, _MEASURED: measured}

    @contextmanager
    def rendering(self) -> Iterator[None]:
        """Bound what is rendered inside."""
        token = _steps.set([0])
        try:
            yield
        finally:
            _steps.reset(token)

    def text(self, template: Template, values: Mapping[str, Any]) -> str:
        """What comes of a template; to be called within `rendering`."""
        parts, size = [], 0
        for part in template.generate(values):
            size += len(part)
            if size > _LONGEST_TEXT:
                raise SecurityError(f"what comes of it is longer than {_LONGEST_TEXT:,} characters")
            parts.append(part)
        return "".join(parts)

    def get_template(self, *arguments: Any, **options: Any) -> Template:  # noqa: ANN401 - Jinja's own
        """Load a template; each inclusion is a step."""
        _step()
        return super().get_template(*arguments, **options)

    def call(self, context: Context, obj: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - Jinja's own
        """Call a function of a template's; each call is a step."""
        _step()
        given = (*arguments, *named.values())
        for each in given:
            measured(each)
        if isinstance(getattr(obj, "__self__", None), (str, bytes, int, float)):  # whose numbers are widths
            _no_wider(*given)
        return measured(super().call(context, obj, *arguments, **named))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ANN401, D102 - Jinja's own
        wrapped = super().wrap_str_format(value)
        if wrapped is not None:
            _no_wide_format(value.__self__)
        return wrapped

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401, D102 - Jinja's own
        _BEFORE[operator](left, right)
        return measured(super().call_binop(context, operator, left, right))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > _LONGEST_SOURCE:
            raise SecurityError(f"it is longer than {_LONGEST_SOURCE:,} characters")
        parsed: nodes.Template = _Bounds().visit(super()._parse(source, name, filename))
        return parsed


# --- what a template's text is turned into ------------------------------------------------------------------

_COUNTED, _MEASURED = " counted", " measured"  # no template can write a filter's name with a space


class _Bounds(NodeTransformer):
    """Has loops counted, and measured what `~` joins and what lists and the like are made of."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's own
        self.generic_visit(node)
        node.iter = _filtered(node.iter, _COUNTED)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's own
        self.generic_visit(node)
        node.nodes = [_filtered(each, _MEASURED) for each in node.nodes]
        return _filtered(node, _MEASURED)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802 - Jinja's own
        self.generic_visit(node)
        return _filtered(node, _MEASURED)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802 - Jinja's own
        self.generic_visit(node)
        return _filtered(node, _MEASURED)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 - Jinja's own
        self.generic_visit(node)
        return node if node.ctx != "load" else _filtered(node, _MEASURED)


def _filtered(node: Any, name: str) -> nodes.Expr:  # noqa: ANN401 - typed loosely by Jinja
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


# --- bounds -------------------------------------------------------------------------------------------------


def _step(count: int = 1) -> None:
    taken = _steps.get(None)
    if taken is not None:
        taken[0] += count
        if taken[0] > STEPS:
            raise SecurityError(f"it takes more than {STEPS:,} steps")


def _range(*bounds: int) -> range:
    found = range(*bounds)
    measured(found)
    return found


def _counted(values: Any) -> Sequence[Any]:  # noqa: ANN401 - whatever is looped over
    found = list(values)
    _step(len(found))
    return found


def measured(value: Any) -> Any:  # noqa: ANN401 - whatever an expression comes to
    """The value; raises SecurityError if it is too large to go on with."""
    if _size(value) > LONGEST:
        raise SecurityError(f"a value is longer than {LONGEST:,}")
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise SecurityError("a number is too large")
    return value


def _size(value: Any) -> int:  # noqa: ANN401 - whatever an expression comes to
    """Characters and items of a value with all that is in it, counted until they are too many."""
    size, inside = 0, [value]
    while inside and size <= LONGEST:
        each = inside.pop()
        if isinstance(each, (str, bytes, range, list, tuple, set, frozenset, dict)):
            size += len(each)
        if size <= LONGEST and isinstance(each, (list, tuple, set, frozenset, dict)):
            inside += [*each, *each.values()] if isinstance(each, dict) else each
    return size


def _bounded(name: str, apply: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(apply)
    def applied(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any filter's
        _step()
        for each in arguments:
            measured(each)
        if name == "format":
            _no_wide_format(next((each for each in arguments if isinstance(each, str)), ""))
        if name not in _UNBOUNDED:
            _no_wider(*arguments[1:], *named.values())
        return measured(apply(*arguments, **named))

    return applied


def _no_wider(*values: Any) -> None:  # noqa: ANN401 - any filter's
    if any(isinstance(each, (int, float)) and abs(each) > LONGEST for each in values):
        raise SecurityError(f"a width is more than {LONGEST:,}")


def _no_wide_format(text: str) -> None:
    if _WIDE_FORMAT.search(text):
        raise SecurityError("a format is too wide")


def _plus(left: Any, right: Any) -> None:  # noqa: ANN401 - any operand
    for each in (left, right):
        measured(each)


def _times(left: Any, right: Any) -> None:  # noqa: ANN401 - any operand
    _plus(left, right)
    for many, count in ((left, right), (right, left)):
        if isinstance(many, (str, bytes, list, tuple)) and isinstance(count, int) and len(many) * count > LONGEST:
            raise SecurityError(f"a value is longer than {LONGEST:,}")


def _power(left: Any, right: Any) -> None:  # noqa: ANN401 - any operand
    _plus(left, right)
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > _BITS:
        raise SecurityError("a number is too large")


def _remainder(left: Any, right: Any) -> None:  # noqa: ANN401 - any operand
    _plus(left, right)
    if isinstance(left, str):
        _no_wide_format(left)


_BEFORE = {"+": _plus, "*": _times, "**": _power, "%": _remainder}
