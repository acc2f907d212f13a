"""Findings in the window's words."""

from __future__ import annotations

from dataclasses import replace

from app.theme.roles import Role
from app.traffic import finding_words as words
from inspector.contract import RULES
from inspector.model import Fault, Finding, Severity

KNOWN = next(iter(RULES.values()))
BROKEN = Finding(7, KNOWN.id, Severity.VIOLATION, Fault.APPLICATION, 3, 1, "seen")
NEWER = Finding(7, "NEW-01", "grave", Fault.SERVER)


def test_a_rule_that_is_known_and_one_that_is_not():
    assert words.headline(BROKEN, KNOWN) == KNOWN.title
    assert words.headline(NEWER, None) == f"{words.UNKNOWN}: NEW-01"
    assert words.gravity("grave") == words.gravity(Severity.NOTE)
    assert words.gravity(Severity.VIOLATION)[2] is Role.SERVER_ERROR
    own_note, own_warning = replace(BROKEN, severity=Severity.NOTE), replace(BROKEN, severity=Severity.WARNING)
    servers = replace(BROKEN, fault=Fault.SERVER)
    ordered = sorted([NEWER, servers, own_note, own_warning, BROKEN], key=words.rank)
    assert ordered == [BROKEN, own_warning, own_note, servers, NEWER]
    assert [words.alarming(found) for found in ordered] == [True, False, False, False, False]
    assert words.sentence(BROKEN, KNOWN) == f"Violation by the application: {KNOWN.title} ({KNOWN.id})"


def test_whose_and_where():
    assert words.whose(BROKEN).startswith("The application's")
    assert words.whose(NEWER).startswith("The server's")
    assert (words.place(BROKEN), words.place(NEWER)) == ("message 3", "the call as a whole")


def test_counts_name_the_gravest_first():
    assert words.counted([NEWER, BROKEN, BROKEN]) == "2 violations"
    assert words.numbered({"note": 1, "warning": 1200}) == "1,200 warnings, 1 note"


def test_how_many_and_whose_at_a_glance():
    assert words.summed(1, "note", "note") == "1 finding, the application's, a note."
    assert words.summed(1, "violation", "") == "1 finding, the server's, a violation."
    assert words.summed(3, "violation", "note") == "3 findings, the gravest of the application's a note."
    assert words.summed(2, "violation", "") == "2 findings, all the server's, the gravest a violation."


def test_the_text_to_copy_has_all_there_is():
    text = words.as_text(BROKEN, KNOWN)
    for part in (KNOWN.title, KNOWN.id, KNOWN.asks, KNOWN.mend, KNOWN.source, "exchange 7", "message 3", "seen"):
        assert part in text
    assert words.as_text(NEWER, None).count("\n") == 1


def test_what_was_looked_at_where_nothing_was_found():
    rules = ["WSGI-1", "ASGI-1", "ASGI-2", "RESP-1"]
    assert "1 message, the heads" in words.checked("ASGI3", 1, rules, dropped=0, running=False)
    assert "the 3 rules of ASGI and HTTP" in words.checked("ASGI3", 5, rules, dropped=0, running=False)
    assert "5 messages so far" in words.checked("WSGI", 5, rules, dropped=0, running=True)
    bare = words.checked("", 0, rules, dropped=2, running=False)
    assert "the 1 rules of HTTP" in bare
    assert "no probe" in bare
    assert "Not everything was recorded" in bare
