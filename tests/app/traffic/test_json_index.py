"""JSON without reading it: where the members are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cancel import Abandoned
from app.traffic import json_index
from app.traffic.branches import LinesBranch, json_tree, msgpack_tree
from app.traffic.json_index import NotJson

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_members_are_where_they_are(value: object, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    root = json_index.document(text)
    assert (root.start, root.end) == (0, len(text))
    if isinstance(value, dict | list):
        found = json_index.members(text, 0)
        inner = list(value.values()) if isinstance(value, dict) else value
        assert [json.loads(text[a:b]) for a, b in zip(found.starts, found.ends, strict=True)] == inner
        assert found.end == len(text)


@pytest.mark.parametrize(
    "text", ["", "x", "[1,2", '{"a" 1}', "[1 2]", '"abc', "[1,]", '{"a":1,}', "1 2", "{1:2}", "[" * 100_000]
)
def test_what_is_not_json_says_where(text: str) -> None:
    with pytest.raises(NotJson, match="at byte"):
        json_index.document(text.encode())


def test_large_values_are_walked_and_the_walk_can_be_given_up() -> None:
    items = [{"id": n, "text": "é" * 100, "n": [0.5] * 50} for n in range(3000)]
    text = json.dumps(
        {"a": {"b": items, "long": "x" * 100_000, "numbers": list(range(50_000))}}, ensure_ascii=False
    ).encode()
    root = json_tree(text)
    found = root.find('"id": 2999', -1)
    assert found is not None
    assert [branch.name for branch in found.trail] == ["a", "b", "2\u202f000 … 2\u202f999", "2999", "id"]
    assert found.trail[-1].path == "$.a.b[2999].id"
    assert root.find("nowhere", -1) is None
    with pytest.raises(Abandoned):
        json_index.document(text, lambda: True)
    assert json_index.document(b"\xef\xbb\xbf [1] ").members is not None


def test_a_container_of_very_many_is_taken_in_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_index, "MOST", 10)
    found = json_index.members(json.dumps(list(range(100))).encode(), 0)
    assert (len(found), found.end) == (10, 0)
    assert len(json_index.lines(b"1\n" * 100)) == 10


def test_lines_of_json_each_have_a_place() -> None:
    tree = LinesBranch(b'{"a": 1}\r\n\n[2]\nnot json\n')
    assert [(branch.name, branch.kind, branch.text) for branch in tree.children()] == [
        ("0", "object", '{"a": 1}'), ("1", "array", "[2]"), ("2", "text", "not json"),
    ]  # fmt: skip
    found = tree.find("2", -1)
    assert found is not None
    assert [branch.path for branch in found.trail] == ["$[1]", "$[1][0]"]
    assert len(tree) == 3


def test_message_pack_keeps_its_types() -> None:
    tree = msgpack_tree(bytes.fromhex("82a16193 01 c40178 c0 03a2c3a9".replace(" ", "")))
    assert [(b.path, b.kind) for b in tree.children()] == [("$.a", "array"), ("$[3]", "string")]
    assert [b.text for b in tree.children()[0].children()] == ["1", "b'x'", "None"]
