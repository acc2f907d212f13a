from __future__ import annotations

import pytest

from supervisor.requirements import Requirement, applies, normalised, requirement, satisfies

HERE = {"python_version": "3.9", "sys_platform": "linux", "platform_python_implementation": "CPython", "extra": ""}


def test_names_of_distributions() -> None:
    assert normalised("Uvicorn_Worker") == "uvicorn-worker"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h11", Requirement("h11", frozenset(), "")),
        ("h2>=4.3.0", Requirement("h2", frozenset(), ">=4.3.0")),
        ("hyperframe<7,>=6.1", Requirement("hyperframe", frozenset(), "<7,>=6.1")),
        ("zope.event (>=4)", Requirement("zope-event", frozenset(), ">=4")),
        ("twisted[tls, HTTP2]>=22.4", Requirement("twisted", frozenset({"tls", "http2"}), ">=22.4")),
        ("x @ file:///x.whl ; extra == 'a'", Requirement("x", frozenset(), "", "extra == 'a'")),
        (
            'tomli; python_version < "3.11"',
            Requirement("tomli", frozenset(), "", 'python_version < "3.11"'),
        ),
    ],
)
def test_requirements(text: str, expected: Requirement) -> None:
    assert requirement(text) == expected


def test_what_is_no_requirement() -> None:
    assert requirement("<html>") is None


def test_as_one_would_install_it() -> None:
    assert str(Requirement("h11", frozenset(), ">=0.16,<1")) == "h11>=0.16,<1"


@pytest.mark.parametrize(
    ("version", "specifiers", "expected"),
    [
        ("1.2", "", True),
        ("1.2", ">=1.2", True),
        ("1.2", ">=1.2.0", True),
        ("1.2.0", "<=1.2", True),
        ("0.9.0", ">=0.16.0,<1", False),
        ("0.16.1", ">=0.16.0,<1", True),
        ("1.0", ">=0.16.0,<1", False),
        ("2.1", ">2", True),
        ("3.1.4", "~=3.1", True),
        ("3.1.4", "~=3.0.2", False),
        ("3.0.1", "~=3.0.2", False),
        ("3.0", "==3", True),
        ("3.0.1", "==3.0.*", True),
        ("3.1", "==3.0.*", False),
        ("3", "!=3.0.*", False),
        ("3.1", "!=3.0.*", True),
        ("3.0", "!=3.0", False),
        ("1.0+local", "===1.0", False),
        ("1.0", "===1.0", True),
        ("built-here", ">=2", True),
        ("1.0", ">=unknown", True),
        ("1.0", "nonsense", True),
        ("3.9", ">=3.10", False),
    ],
)
def test_a_version_that_will_do(version: str, specifiers: str, expected: bool) -> None:
    assert satisfies(version, specifiers) is expected


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("", True),
        ('python_version < "3.11"', True),
        ("python_version >= '3.10'", False),
        ('"3.8" <= python_version', True),
        ("extra == 'docs'", False),
        ("extra != 'docs'", True),
        ("sys_platform != 'win32' and python_version < '3.10'", True),
        ("sys_platform == 'win32' and python_version < '3.10'", False),
        ("sys_platform == 'win32' or python_version < '3.10'", True),
        ("(sys_platform == 'win32' or python_version < '3.10') and extra == 'x'", False),
        ("sys_platform in 'linux darwin'", True),
        ("sys_platform not in 'linux darwin'", False),
        ("unheard_of == 'x'", False),
        ("python_version <", False),
        ("(python_version < '3.10'", False),
    ],
)
def test_markers(marker: str, expected: bool) -> None:
    assert applies(marker, HERE) is expected
