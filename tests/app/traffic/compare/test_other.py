"""Which application and mode an exchange is replayed on to see it under the other interface."""

from __future__ import annotations

import json
from pathlib import Path

from app.traffic.compare.other import TWINS, note, offers, other_interface, twin
from supervisor.control.messages import ModesListed, ModeStatus, TargetSpec

DEMOS = Path(__file__).parents[4] / "resources" / "demo" / "demos.json"


def listed(*modes: tuple[str, str, str]) -> ModesListed:
    return ModesListed(
        id=1, target=TargetSpec(target="x:app"), interface="ASGI3", framework="", python_version="3.11",
        modes=tuple(ModeStatus(slug=slug, title=slug, interface=kind, state=state) for slug, kind, state in modes),
    )  # fmt: skip


def test_each_demo_has_a_twin_of_the_other_interface() -> None:
    demos = json.loads(DEMOS.read_text())
    assert TWINS.keys() == demos.keys()
    for name, other in TWINS.items():
        assert demos[name]["interface"] != demos[other]["interface"]


def test_interfaces() -> None:
    assert [other_interface(one) for one in ("WSGI", "ASGI3", "ASGI2", "")] == ["ASGI", "WSGI", "WSGI", ""]


def test_twins_keep_what_they_are_run_with() -> None:
    spec = TargetSpec(target="demo:wsgi", env=(("A", "1"),))
    assert twin(spec) == TargetSpec(target="demo:asgi", env=(("A", "1"),))
    assert twin(TargetSpec(target="demo:unknown")) is None
    assert twin(TargetSpec(target="wsgi:app")) is None


def test_what_can_run_is_offered_the_usual_first() -> None:
    known = listed(
        ("new-one", "WSGI", "adaptable"), ("waitress", "WSGI", "adaptable"), ("uvicorn", "ASGI", "ready"),
        ("gunicorn-gthread", "WSGI", "installable"),
    )  # fmt: skip
    found = offers(TargetSpec(target="x:app"), known, "WSGI")
    assert [(offer.mode, offer.adapt) for offer in found] == [("waitress", True), ("new-one", True)]
    assert found[0].words == "waitress, the same application, adapted by a2wsgi"
    [plain] = offers(TargetSpec(target="x:app"), known, "ASGI")
    assert (plain.adapt, plain.words) == (False, "uvicorn, the same application, as it is")


def test_a_demo_is_offered_its_twin_before_the_adapter() -> None:
    spec = TargetSpec(target="demo:asgi")
    first, second = offers(spec, listed(("waitress", "WSGI", "adaptable")), "WSGI")
    assert (first.target.target, first.adapt) == ("demo:wsgi", False)
    assert first.words == "waitress, its twin demo:wsgi, the same paths written for WSGI"
    assert (second.target, second.adapt) == (spec, True)
    other = listed(("someday", "RSGI", "ready"))
    assert offers(TargetSpec(target="x:app"), other, "RSGI")[0].mode == "someday"


def test_adapters_are_explained() -> None:
    assert note("ASGI", adapted=False) == ""
    assert "in a thread" in note("ASGI", adapted=True)
    assert "lifespan is never run" in note("WSGI", adapted=True)
