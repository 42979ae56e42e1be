"""Limits of templates: an environment in which they format their values within bounds, and reach nothing else."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TypeVar

from jinja2 import BaseLoader, StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

STEPS = 5_000  # rounds of loops, calls and filters in one rendering
LONGEST = 5_000  # characters or items of one intermediate value, and the greatest width of padding
_LONGEST_SOURCE, _LONGEST_TEXT = 10_000, 50_000  # characters of a template, and of the rendered text
_BITS = 256  # of a number
_WITHOUT_WIDTH = {"default", "d", "format"}  # filters whose numeric arguments are not widths
_WIDE_FORMAT = re.compile(r"\d{4}|\*|\{[^}]*\{")

V = TypeVar("V")

_steps: ContextVar[list[int]] = ContextVar("_steps")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with limits to what a rendering may compute; what exceeds them raises SecurityError.

    Each value is shown as `finalize` returns it; a value that is missing is an error.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, loader: BaseLoader, finalize: Callable[[object], object]) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            finalize=finalize,
            autoescape=False,  # `finalize` escapes for mrkdwn; HTML entities would show
            trim_blocks=True,
            lstrip_blocks=True,
        )
        del self.globals["lipsum"]
        self.globals["range"] = _range
        self.filters = {name: _with_limits(name, each) for name, each in self.filters.items()}
        self.filters |= {_COUNT: _count_items, _MEASURE: check_size}

    @contextmanager
    def rendering(self) -> Iterator[None]:
        """Count the steps of what is rendered in the `with` block."""
        token = _steps.set([0])
        try:
            yield
        finally:
            _steps.reset(token)

    def text(self, template: Template, values: Mapping[str, object]) -> str:
        """Return the rendered template. To be called within `rendering`."""
        parts, size = [], 0
        for part in template.generate(values):
            size += len(part)
            if size > _LONGEST_TEXT:
                raise SecurityError(f"what comes of it is longer than {_LONGEST_TEXT:,} characters")
            parts.append(part)
        return "".join(parts)

    def get_template(self, *arguments: object, **options: object) -> Template:
        """Load a template; each inclusion is a step of the rendering."""
        _step()
        load: Callable[..., Template] = super().get_template
        return load(*arguments, **options)

    def call(self, context: Context, obj: object, /, *arguments: object, **named: object) -> object:
        """Call a function in a template; each call is a step of the rendering."""
        _step()
        values = (*arguments, *named.values())
        for each in values:
            check_size(each)
        if isinstance(getattr(obj, "__self__", None), (str, bytes, int, float)):  # their methods take widths
            _check_widths(*values)
        return check_size(super().call(context, obj, *arguments, **named))

    def wrap_str_format(self, value: object) -> Callable[..., str] | None:
        """Return a bounded `str.format` if the value is that method, or None."""
        wrapped = super().wrap_str_format(value)
        if wrapped is not None:
            _check_format(str(getattr(value, "__self__", "")))
        return wrapped

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        """Compute `left operator right`, unless it would be too large."""
        _CHECKS[operator](left, right)
        return check_size(super().call_binop(context, operator, left, right))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > _LONGEST_SOURCE:
            raise SecurityError(f"it is longer than {_LONGEST_SOURCE:,} characters")
        parsed: nodes.Template = _LimitInserter().visit(super()._parse(source, name, filename))
        return parsed


# --- how a parsed template is changed ------------------------------------------------------------------

_COUNT, _MEASURE = " counted", " measured"  # with a space, so that no template can use these filters


class _LimitInserter(NodeTransformer):
    """Adds filters that count the rounds of loops, and check the size of lists, dicts, tuples and what `~` joins."""

    def generic_visit(self, node: nodes.Node, *arguments: object, **named: object) -> nodes.Node:
        """Change the node after those inside it."""
        super().generic_visit(node, *arguments, **named)
        match node:
            case nodes.For():
                node.iter = _with_filter(node.iter, _COUNT)
            case nodes.Concat():
                node.nodes = [_with_filter(each, _MEASURE) for each in node.nodes]
                return _with_filter(node, _MEASURE)
            case nodes.List() | nodes.Dict() | nodes.Tuple(ctx="load"):
                return _with_filter(node, _MEASURE)
        return node


def _with_filter(node: nodes.Node, name: str) -> nodes.Expr:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


# --- the limits ---------------------------------------------------------------------------------------------


def _step(count: int = 1) -> None:
    steps = _steps.get(None)
    if steps is not None:
        steps[0] += count
        if steps[0] > STEPS:
            raise SecurityError(f"it takes more than {STEPS:,} steps")


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    check_size(numbers)
    return numbers


def _count_items(values: Iterable[object]) -> Sequence[object]:
    items = list(values)
    _step(len(items))
    return items


def check_size(value: V) -> V:
    """Return the value. Raises SecurityError if it is too large."""
    if _size(value) > LONGEST:
        raise SecurityError(f"a value is longer than {LONGEST:,}")
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise SecurityError("a number is too large")
    return value


def _size(value: object) -> int:
    """Return the number of characters and items in a value and all that it contains; counts no further than needed."""
    size, inside = 0, [value]
    while inside and size <= LONGEST:
        each = inside.pop()
        if isinstance(each, (str, bytes, range, list, tuple, set, frozenset, dict)):
            size += len(each)
        if size <= LONGEST and isinstance(each, (list, tuple, set, frozenset, dict)):
            inside += [*each, *each.values()] if isinstance(each, dict) else each
    return size


def _with_limits(name: str, apply: Callable[..., object]) -> Callable[..., object]:
    @wraps(apply)
    def apply_within_limits(*arguments: object, **named: object) -> object:
        _step()
        for each in arguments:
            check_size(each)
        if name == "format":
            _check_format(next((each for each in arguments if isinstance(each, str)), ""))
        if name not in _WITHOUT_WIDTH:
            _check_widths(*arguments[1:], *named.values())
        return check_size(apply(*arguments, **named))

    return apply_within_limits


def _check_widths(*values: object) -> None:
    if any(isinstance(each, (int, float)) and abs(each) > LONGEST for each in values):
        raise SecurityError(f"a width is more than {LONGEST:,}")


def _check_format(text: str) -> None:
    if _WIDE_FORMAT.search(text):
        raise SecurityError("a format is too wide")


def _check_operands(left: object, right: object) -> None:
    for each in (left, right):
        check_size(each)


def _check_repetition(left: object, right: object) -> None:
    _check_operands(left, right)
    for many, count in ((left, right), (right, left)):
        if isinstance(many, (str, bytes, list, tuple)) and isinstance(count, int) and len(many) * count > LONGEST:
            raise SecurityError(f"a value is longer than {LONGEST:,}")


def _check_power(left: object, right: object) -> None:
    _check_operands(left, right)
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > _BITS:
        raise SecurityError("a number is too large")


def _check_remainder(left: object, right: object) -> None:
    _check_operands(left, right)
    if isinstance(left, str):
        _check_format(left)


_CHECKS = {"+": _check_operands, "*": _check_repetition, "**": _check_power, "%": _check_remainder}
