"""Content codings undone."""

from __future__ import annotations

import gzip
import zlib

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from inspector.codings import undo

PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@given(st.binary(max_size=2000), st.lists(st.sampled_from(sorted(PACK)), min_size=1, max_size=3))
def test_what_was_packed_comes_out_again(content: bytes, names: list[str]) -> None:
    packed = content
    for name in names:
        packed = PACK[name](packed)
    made = undo(packed, ", ".join(names).upper())
    assert (made.content, made.broken) == (content, False)


@pytest.mark.parametrize("name", sorted(PACK))
def test_what_is_broken_or_cut_says_so(name: str) -> None:
    plain = bytes(range(256)) * 4000
    packed = PACK[name](plain)
    assert undo(b"hello, world", name).broken
    assert undo(b"hello, world", name).content == b"hello, world"
    cut = undo(packed[: len(packed) // 2], name, whole=False)
    assert plain.startswith(cut.content) or cut.broken
    early = undo(packed[:-6], name)
    assert "too early" in early.note
    assert "limit of 1,000 bytes" in undo(packed, name, limit=1000).note
    assert len(undo(packed, name, limit=1000).content) == 1000


class EnoughError(Exception):
    """Somebody wants the result no more."""


@pytest.mark.parametrize("name", sorted(PACK))
def test_the_work_can_be_given_up_between_two_steps(name: str) -> None:
    def step() -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        undo(PACK[name](bytes(5_000_000)), name, step=step)


@pytest.mark.parametrize("name", sorted(PACK))
def test_a_bomb_is_not_unpacked(name: str) -> None:
    bomb = PACK[name](bytes(5_000_000))
    assert len(undo(bomb, name, limit=2**18).content) == 2**18


@pytest.mark.parametrize("name", sorted(PACK))
def test_what_comes_out_empty_is_no_coded_body(name: str) -> None:
    sent = gzip.compress(b"")
    assert undo(sent, "gzip").content == b""
    found = undo(sent, f"{name}, gzip")
    assert (found.content, found.broken) == (sent, True)
    assert "ends too early" in found.note


def test_a_coding_that_nobody_knows_leaves_the_body_as_it_was_sent() -> None:
    made = undo(gzip.compress(b"a"), "aes128gcm, gzip")
    assert (made.content, made.broken) == (gzip.compress(b"a"), True)
    assert "aes128gcm: this coding is not known" in made.note


def test_a_long_one_comes_in_many_pieces() -> None:
    content = bytes(range(256)) * 8000
    for name, pack in PACK.items():
        assert undo(pack(content), name).content == content


def test_members_and_frames_follow_one_another() -> None:
    assert undo(gzip.compress(b"a") + gzip.compress(b"b") + b"junk", "gzip").content == b"ab"
    frame = zstandard.ZstdCompressor().compress
    assert undo(frame(b"a") + frame(b"b"), "zstd").content == b"ab"
    assert undo(zlib.compress(b"raw")[2:-4], "deflate").content == b"raw"


def test_a_coding_that_breaks_after_a_while_shows_what_came_before() -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 8000, compresslevel=0))
    packed[1_500_000:1_500_010] = b"\xff" * 10
    made = undo(bytes(packed), "gzip")
    assert "then it is broken" in made.note
    assert made.content
