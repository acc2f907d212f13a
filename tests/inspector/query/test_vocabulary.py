"""The tables of words: complete, and what they give as examples is a filter."""

from __future__ import annotations

from inspector.query.language import parse
from inspector.query.vocabulary import CHOICES, FIELDS, GUIDE, MEANINGS, NUMBERS, SYNTAX, TEXTS, did_you_mean


def test_every_field_is_described_once():
    described = [entry.name for _title, entries in GUIDE for entry in entries]
    assert sorted(described) == sorted(FIELDS)
    assert set(NUMBERS) | set(TEXTS) | set(CHOICES) <= set(described)
    assert all(MEANINGS[name] for name in described)


def test_every_example_is_a_filter_with_its_field():
    for _title, entries in GUIDE:
        for entry in entries:
            parse(entry.example)
            assert entry.example.startswith(entry.name.partition("NAME")[0])
    for example, _meaning in SYNTAX:
        parse(example)


def test_what_was_meant():
    assert did_you_mean("stauts", FIELDS) == " Did you mean status?"
    assert did_you_mean("URL", FIELDS) == " Did you mean target?"
    assert did_you_mean("url", ("open", "done")) == ""
    assert did_you_mean("xyzzy", FIELDS) == ""
