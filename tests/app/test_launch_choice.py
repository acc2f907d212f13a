"""What the launch bar may pick, and what it says when that can't run. No Qt."""

from __future__ import annotations

import dataclasses
import json

import pytest

from app.launch import choice as choices
from app.launch.choice import Choice, Entry
from app.launch.demos import demo_entries
from app.launch.frames import own_place
from app.launch.picker import found_words
from app.launch.recent import entries_of, forgotten, remembered
from app.launch.target_form import import_string, parse_environment
from app.launch.ways import can_copy, copy_label, way_label
from supervisor.control.messages import AppStatus, ModesListed, ModeStatus, Problem, TargetSpec, WayOut

SPEC = TargetSpec(target="shop:app")
WAY = WayOut(text="Take uvicorn.", mode="uvicorn")


def mode(slug: str, interface: str, state: str = "ready", **more: object) -> ModeStatus:
    return ModeStatus(slug=slug, title=slug.title(), interface=interface, state=state, **more)  # type: ignore[arg-type]


LISTED = ModesListed(
    id=1, target=SPEC, interface="ASGI3", framework="FastAPI", python_version="3.11.7",
    modes=(
        mode("sync", "WSGI", "adaptable", reason="No.", ways_out=(WAY,), workers=True),
        mode("wsgiref", "WSGI", "impossible", reason="Never."),
        mode("hypercorn", "ASGI", "installable", reason="Lacking."),
        mode("uvicorn", "ASGI", workers=True), mode("gthread", "ASGI", workers=True, threads=True),
    ),
)  # fmt: skip
EMPTY = dataclasses.replace(LISTED, modes=())


def status(**fields: object) -> AppStatus:
    return AppStatus(name="shop", target=SPEC, **fields)  # type: ignore[arg-type]


def test_the_targets_own_interface_and_a_ready_mode_come_first():
    assert choices.settle(Choice(), LISTED) == Choice("ASGI", "uvicorn")


def test_what_was_picked_stays_if_it_is_still_there():
    assert choices.settle(Choice("WSGI", "wsgiref", 4), LISTED) == Choice("WSGI", "wsgiref", 4)
    assert choices.settle(Choice("WSGI", "gone"), LISTED) == Choice("WSGI", "sync")
    assert choices.settle(Choice(mode="sync"), LISTED) == Choice("WSGI", "sync")


def test_of_equals_the_one_for_production_comes_first():
    modes = (mode("wsgiref", "WSGI"), mode("gunicorn-sync", "WSGI", workers=True))
    assert choices.best_mode(modes) == "gunicorn-sync"


def test_a_mode_whose_server_is_lent_runs_and_comes_after_the_ready_ones():
    lent = mode("uvicorn", "ASGI", "lendable", workers=True)
    assert choices.best_mode((mode("granian", "ASGI", "installable", workers=True), lent)) == "uvicorn"
    assert choices.best_mode((mode("daphne", "ASGI"), lent)) == "daphne"
    listed = dataclasses.replace(LISTED, modes=(lent,))
    assert choices.judge(Choice("ASGI", "uvicorn"), listed) == choices.Verdict(can_run=True)


def test_without_modes_nothing_is_picked():
    assert choices.settle(Choice(), EMPTY) == Choice("ASGI", "")
    assert choices.settle(Choice(), dataclasses.replace(EMPTY, interface="")) == Choice("WSGI", "")


def test_another_interface_brings_its_best_mode_and_no_adapter():
    picked = choices.choose_interface(Choice("ASGI", "uvicorn", 3, 1, adapt=True), LISTED, "WSGI")
    assert picked == Choice("WSGI", "sync", 3)
    assert choices.choose_interface(picked, LISTED, "WSGI") is picked


def test_another_mode_brings_its_interface():
    assert choices.choose_mode(Choice("ASGI", "uvicorn"), LISTED, "sync", adapt=True) == Choice(
        "WSGI", "sync", adapt=True
    )
    assert choices.choose_mode(Choice("ASGI"), LISTED, "unknown").interface == "ASGI"


def test_numbers_that_a_mode_has_no_use_for_are_kept_but_not_sent():
    picked = Choice("ASGI", "uvicorn", workers=4, threads=8)
    assert choices.effective(picked, LISTED) == Choice("ASGI", "uvicorn", 4, 1)
    assert choices.effective(picked, None) == picked
    running = status(mode="uvicorn", workers=4, threads=1)
    assert choices.of_status(running, LISTED, picked) == picked
    assert choices.runs(choices.effective(picked, LISTED), running)
    assert not choices.runs(picked, running)


def test_what_runs_in_a_mode_that_is_not_listed():
    assert choices.of_status(status(mode="new", interface="ASGI3", workers=2), None, Choice()) == Choice(
        "ASGI", "new", 2
    )


@pytest.mark.parametrize(
    ("picked", "can"),
    [(Choice("ASGI", "uvicorn"), True), (Choice("WSGI", "sync"), False), (Choice("WSGI", "sync", adapt=True), True),
     (Choice("WSGI", "wsgiref", adapt=True), False), (Choice("ASGI", "hypercorn"), False),
     (Choice("ASGI", "gone"), False)],
)  # fmt: skip
def test_what_can_run(picked, can):
    verdict = choices.judge(picked, LISTED)
    assert verdict.can_run is can
    assert (verdict.problem is None) is can


def test_refusals_say_what_and_why_and_what_to_do():
    told = choices.judge(Choice("WSGI", "sync"), LISTED).problem
    assert told is not None
    assert "sync can't run FastAPI as it is: the server speaks WSGI, the application ASGI." in told.what
    assert (told.why, told.ways_out) == ("No.", (WAY,))
    absent = choices.judge(Choice("ASGI", "hypercorn"), LISTED).problem
    assert absent is not None
    assert "not installed" in absent.what
    never = choices.judge(Choice("WSGI", "wsgiref"), LISTED).problem
    assert never is not None
    assert never.what == "wsgiref can't run FastAPI."
    nothing = choices.judge(Choice("WSGI", ""), LISTED).problem
    assert nothing is not None
    assert nothing.ways_out[0].mode == "uvicorn"


def test_a_target_that_can_not_be_looked_at():
    broken = Problem(what="It can't be imported.")
    assert choices.judge(Choice(), dataclasses.replace(EMPTY, problem=broken)).problem == broken
    assert choices.judge(Choice(), None) == choices.Verdict(can_run=False)


@pytest.mark.parametrize(
    ("spec", "name"),
    [(TargetSpec(target="demo:flask"), "flask"), (TargetSpec(target="/srv/my shop/"), "my-shop"),
     (TargetSpec(target="main:app", cwd="/srv/shop"), "shop-2"), (TargetSpec(target="main:app"), "main"),
     (TargetSpec(target="/"), "app")],
)  # fmt: skip
def test_names(spec, name):
    assert choices.entry_name(spec, {"shop"}) == name


def test_targets_that_are_the_same():
    full = TargetSpec(target="a:b", cwd="/x")
    assert choices.same_target(TargetSpec(target="a:b"), full)
    assert not choices.same_target(TargetSpec(target="a:b", cwd="/y"), full)


def test_projects():
    assert Entry("x", TargetSpec(target="demo:x"), demo=True).project == "demo"
    assert Entry("x", TargetSpec(target="a:b", cwd="/x")).project == "/x"
    assert Entry("x", TargetSpec(target="a:b")).project == "a:b"


@pytest.mark.parametrize(
    ("way", "label"),
    [(WayOut(text="long", mode="uvicorn"), "Use Uvicorn"), (WayOut(text="long", mode="new"), "Use new"),
     (WayOut(text="long", mode="sync", adapt=True), "Run it through the adapter (a2wsgi)"),
     (WayOut(text="long", mode="sync", command="pip"), ""), (WayOut(text="long", command="pip"), ""),
     (WayOut(text="long", mode="sync", command="python -m pip install x"), "Install"),
     (WayOut(text="Perhaps main:app?", command="main:app"), "Start main:app"),
     (WayOut(text="long", command="--cwd '/srv/my shop' a.b:app"), "Start a.b:app"),
     (WayOut(text="long", command="--factory"), "Start it as a factory"),
     (WayOut(text="long", command="--python .venv"), "Choose an interpreter"),
     (WayOut(text="long", command="--cwd DIR"), "Choose the folder"),
     (WayOut(text="Mend it."), "")],
)  # fmt: skip
def test_buttons_are_short(way, label):
    assert way_label(way, LISTED, "sync") == label


TRACEBACK = """Traceback (most recent call last):
  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name)
  File "<frozen importlib._bootstrap>", line 1204, in _gcd_import
  File "/srv/shop/main.py", line 12, in <module>
    import models
  File "/srv/shop/models.py", line 3, in <module>
    import sqlalchemy
  File "/srv/.venv/lib/python3.11/site-packages/sqlalchemy/__init__.py", line 1, in <module>
    raise ImportError
ImportError
"""


def test_the_users_own_last_line():
    place = own_place(TRACEBACK)
    assert place is not None
    assert (place.at, place.code) == ("/srv/shop/models.py:3", "import sqlalchemy")
    assert own_place("nothing of the kind") is None
    bare = own_place('  File "/srv/a.py", line 4')
    assert bare is not None
    assert (bare.at, bare.code) == ("/srv/a.py:4", "")


def test_the_environment_as_it_is_typed():
    assert parse_environment("A=1 B='two words' C=") == (("A", "1"), ("B", "two words"), ("C", ""))
    for wrong in ("A", "=1", "A='open"):
        with pytest.raises(ValueError, match=r"NAME=value|can't be read"):
            parse_environment(wrong)


def test_demos_come_from_the_file(tmp_path):
    entries = demo_entries()
    assert len(entries) == 7
    assert all(entry.demo and entry.spec.target == f"demo:{entry.name}" for entry in entries)
    assert {entry.name: entry.mode for entry in entries}["flask"] == "gunicorn-sync"
    assert demo_entries(tmp_path / "absent.json") == []
    other = tmp_path / "demos.json"
    other.write_text(json.dumps([{"name": "x"}, {}]))
    assert demo_entries(other) == [Entry("x", TargetSpec(target="demo:x"), title="x", demo=True)]


def test_what_was_found_in_words():
    entry = Entry("shop", SPEC)
    assert found_words(entry, LISTED, None) == "shop:app · FastAPI · ASGI3 · Python 3.11.7"
    assert "looking" in found_words(entry, None, None)
    assert found_words(entry, None, None, failed=True) == "shop:app · could not be loaded"
    assert found_words(None, None, None).startswith("Open a project folder")


def test_copying_a_command_says_which():
    assert copy_label("python -m pip install x") == "Copy the pip command"
    assert copy_label("chmod 700 x") == "Copy the command"


def test_what_was_used_before_is_kept_newest_first():
    one, two = (
        Entry("one", TargetSpec(target="a:b", env=(("A", "1"),), factory=True)),
        Entry("two", TargetSpec(target="c")),
    )
    kept = remembered(remembered([], one, 5), two, 5)
    assert entries_of(json.loads(json.dumps(kept))) == [two, one]
    assert entries_of(remembered(kept, one, 5)) == [one, two]
    assert entries_of(remembered(kept, Entry("three", SPEC), 2))[-1] == two
    assert entries_of(forgotten(kept, "two")) == [one]


def test_what_somebody_else_wrote_is_left_out():
    assert entries_of([5, {}, {"name": 1, "target": "x"}, {"name": "x", "target": "x", "env": [1]}]) == []


@pytest.mark.parametrize(
    ("command", "usable"),
    [
        ("pip install gunicorn", True),
        ("/srv/My Shop/DIR/python -m pip install x", True),
        ("A=1 gunicorn main:app", True),
        ("gatescope reload", True),
        ("main:app", True),
        ("--cwd DIR", False),
        ("gatescope run TARGET", False),
        ("gatescope run x --listen HOST:PORT", False),
        ("--factory", False),
        ("", False),
    ],
)
def test_only_whole_commands_are_copied(command, usable):
    assert can_copy(command) is usable


def test_what_is_copied_is_named():
    assert copy_label("main:app") == "Copy the import string"
    assert copy_label("python -m pip install x") == "Copy the pip command"
    assert copy_label("gatescope reload") == "Copy the command"


def test_the_form_begins_with_what_it_can_use(tmp_path):
    (tmp_path / "shop").mkdir()
    at = str(tmp_path)
    shop = str(tmp_path / "shop")
    assert import_string(TargetSpec(target="main:app", cwd=at)) == ("main:app", at)
    assert import_string(TargetSpec(target=shop, cwd=shop)) == ("", shop)
    assert import_string(TargetSpec(target="shop", cwd=at)) == ("", shop)
    assert import_string(TargetSpec(target=".", cwd=shop)) == ("", shop)
    assert import_string(TargetSpec(target="blog", cwd=at)) == ("blog", at)
    assert import_string(TargetSpec(target="demo:flask", cwd=at)) == ("", at)
    assert import_string(TargetSpec(target="", cwd=at)) == ("", at)
