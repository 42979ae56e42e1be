"""An operator's own templates: they render messages, and reach no file, process, setting or other template."""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.shipped import shipped
from bot.slack.template_names import FORMER_NAMES
from bot.slack.templates import Templates

SHIPPED = Templates(shipped("templates")).render("usage/refusal", reason="because")
LOOP = "{% for a in range(1000) %}"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A directory of own templates, next to a file that does not belong to it."""
    (tmp_path / "secret.txt").write_text("secret")
    directory = tmp_path / "own"
    (directory / "usage").mkdir(parents=True)
    (directory / "usage" / "share_note.txt").write_text("part")
    return directory


def rendered(own: Path, text: str, name: str = "refusal") -> tuple[str, Mapping[str, str]]:
    (own / "usage" / f"{name}.txt").write_text(text)
    templates = Templates(shipped("templates"), own)
    templates.prepare()
    refusal = templates.render("usage/refusal", reason="because")
    assert templates.broken is not None
    return refusal, templates.broken


@pytest.mark.parametrize(
    "text",
    [
        "{{ code.__globals__['__builtins__']['open']('/etc/passwd').read() }}",
        "{{ mention.__globals__ }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ reason.__class__ }}",
        "{{ ''['__class__'] }}", "{{ ''|attr('__class__') }}", "{{ [reason]|map(attribute='__class__')|join }}",
        "{{ '{0.__class__}'.format(reason) }}", "{{ '{a.__class__}'.format_map({'a': 1}) }}",
        "{{ self.__init__.__globals__ }}", "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ joiner.__init__ }}", "{{ namespace.__init__ }}", "{{ dict.mro() }}", "{{ range.__class__ }}",
        "{{ (code|string).__class__ }}", "{{ loop }}", "{{ config }}", "{{ settings }}", "{{ environment }}",
        "{{ os }}",
        "{% set x = [] %}{{ x.append(1) }}",
        "{% include '../secret.txt' %}", "{% include '../../secret.txt' %}", "{% include '/etc/passwd' %}",
        "{% include 'usage/../../secret.txt' %}", "{% import '../secret.txt' as x %}{{ x }}",
        "{% from '/etc/passwd' import x %}", "{% extends '../secret.txt' %}", "{% include '..\\\\secret.txt' %}",
    ],
    ids=lambda text: text[:50],
)  # fmt: skip
def test_nothing_is_reached_from_a_template(own: Path, text: str) -> None:
    shown, broken = rendered(own, text)
    assert shown == SHIPPED
    assert list(broken) == ["usage/refusal.txt"]


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(10**9) %}{% endfor %}x", "{{ range(10**9)|list }}", "{{ 'a' * 10**10 }}",
        "{{ [1] * 10**9 }}",
        "{{ 10**9 * ('a', ) }}", "{{ 9**9**9 }}", "{{ 2**(10**7) % 3 }}", "{{ 'a'.ljust(10**9) }}",
        "{{ 'a'.center(width=10**9) if 0 else 'a'.zfill(10**9) }}",
        "{{ 'a'|center(10**9) }}", "{{ 'a'|indent(10**9, true) }}", "{{ '%1000000000d'|format(1) }}",
        "{{ '%*d' % (10**9, 1) }}", "{{ '%1000000000d' % 1 }}", "{{ '{:1000000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 10**9) }}", "{{ 1|round(10**9, 'ceil') }}", "{{ [1]|batch(10**9, 0)|list }}",
        "{{ [1]|slice(10**9)|list }}", "{{ lipsum(10**6) }}",
        "{{ [[1] * 4000] * 4000 }}", "{{ ([[0] * 4000] * 4000)|sum(start=[])|length }}",
        "{{ (1).to_bytes(10**9, 'big') }}",
        "{% set x = namespace(of=[]) %}" + "{% set x.of = [x.of, x.of] %}" * 60 + "{{ x.of }}",
        "{% for a in range(4900) %}" + "a" * 9_000 + "{% endfor %}", "a" * 10_001,
        LOOP * 4 + "{% endfor %}" * 4 + "x", LOOP * 3 + "x" + "{% endfor %}" * 3,
        "{% set x = 'a' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}",
        "{% set x = 'a' %}" + "{% set x = x + x %}" * 60 + "{{ x }}",
        "{% set x = 'a' * 999 %}{{ x|replace('a', x)|replace('a', x)|replace('a', x) }}",
        "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}x",
        "{% for a in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
        "{% include 'usage/refusal.txt' %}{% include 'usage/refusal.txt' %}",
    ],
    ids=lambda text: text[:60],
)  # fmt: skip
def test_nothing_is_exhausted_by_a_template(own: Path, text: str) -> None:
    began = time.process_time()
    shown, broken = rendered(own, text)
    assert time.process_time() - began < 3
    assert shown == SHIPPED
    assert list(broken) == ["usage/refusal.txt"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ reason|upper }}: {% include 'usage/share_note.txt' %}", "BECAUSE: part"),
        ("{% for each in ['a', 'b'] %}{{ loop.index }}{{ each }}{% if not loop.last %} {% endif %}{% endfor %}",
         "1a 2b"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"),
        ("{{ '%5.1f'|format(12345.678) }} {{ '{:,}'.format(1234567) }}", "12345.7 1,234,567"),
        ("{{ 'a' * 3 ~ 'b' }} {{ 10 % 3 }} {{ 2**10 }} {{ 1 + 1 }}", "aaab 1 1,024 2"),
        ("{% macro f(x) %}[{{ x }}]{% endmacro %}{{ f(reason) }}", "[because]"),
        ("{{ code(reason) }} {{ mention('U1ANA') }} {{ none|default(123456) }}", "`because` <@U1ANA> None"),
        ("{{ 'x'.center(5) }}{{ range(3)|join('-') }}", "x0-1-2"),
    ],
)  # fmt: skip
def test_what_a_message_needs_is_still_rendered(own: Path, text: str, shown: str) -> None:
    assert rendered(own, text) == (shown, {})


def broken_of(templates: Templates) -> Mapping[str, str] | None:
    return templates.broken


@pytest.mark.parametrize("text", ["{% if %}", "{{ reason }}"])
def test_what_is_broken_is_unknown_until_the_templates_are_prepared(own: Path, text: str) -> None:
    (own / "usage" / "refusal.txt").write_text(text)
    templates = Templates(shipped("templates"), own)
    templates.render("usage/refusal", reason="because")
    assert broken_of(templates) is None
    templates.prepare()
    assert list(broken_of(templates) or {}) == (["usage/refusal.txt"] if text == "{% if %}" else [])
    assert broken_of(templates) is not None


def test_without_own_templates_nothing_is_broken_once_they_are_prepared() -> None:
    templates = Templates(shipped("templates"))
    assert broken_of(templates) is None
    templates.prepare()
    assert broken_of(templates) == {}


def test_a_prepared_template_is_rendered_as_it_was_read_when_an_upgrade_replaces_its_file(tmp_path: Path) -> None:
    file = tmp_path / "greeting.txt"
    file.write_text("Hello {{ name }}")
    templates = Templates(tmp_path)
    templates.prepare()
    file.write_text("Hello {{ value_of_a_newer_version }}")
    assert templates.render("greeting", name="Ana") == "Hello Ana"


# --- former names --------------------------------------------------------------------------------


def test_a_template_under_its_former_name_is_used_and_its_new_name_logged_once(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rendered(own, "No: {{ reason }}", name="refused") == ("No: because", {})
    logged = "".join(capsys.readouterr())
    assert logged.count("a template of TEMPLATES_DIR has a new name") == 1
    assert logged.count("usage/refused.txt") == logged.count("usage/refusal.txt") == 1


def test_a_template_under_its_present_name_comes_before_the_former_one(own: Path) -> None:
    (own / "usage" / "refused.txt").write_text("former")
    assert rendered(own, "present") == ("present", {})


def test_a_broken_template_under_its_former_name_is_reported_by_that_name(own: Path) -> None:
    text, broken = rendered(own, "{{ nothing }}", name="refused")
    assert text == SHIPPED
    assert list(broken) == ["usage/refused.txt"]


@pytest.mark.parametrize("name", ["share_note", "shared"])
def test_a_template_is_included_by_its_former_and_its_present_name(own: Path, name: str) -> None:
    (own / "usage" / "share_note.txt").rename(own / "usage" / f"{name}.txt")
    text = "{% include 'usage/shared.txt' %} {% include 'usage/share_note.txt' %}"
    assert rendered(own, text) == ("part part", {})


def test_a_shipped_template_is_included_by_its_former_name(own: Path) -> None:
    (own / "usage" / "timeout.txt").write_text("{% include 'usage/refused.txt' %}!")
    templates = Templates(shipped("templates"), own)
    assert templates.render("usage/timeout", minutes=5, reason="because") == f"{SHIPPED}!"


def test_each_former_name_leads_to_a_shipped_template() -> None:
    assert len(set(FORMER_NAMES.values())) == len(FORMER_NAMES)
    for former, present in FORMER_NAMES.items():
        assert (shipped("templates") / present).is_file(), present
        assert not (shipped("templates") / former).exists(), former
