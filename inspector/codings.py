"""Content codings undone: gzip, deflate, br and zstd, in any order, as far as the bytes go and up to a bound.

Pure. Knows nothing of what is in the body. A coding that is broken or unknown is no error here: the bytes come back as
they were, with a sentence that says so. Source: RFC 9110 section 8.4; RFC 9659 for the window of zstd.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]
import zstandard

Step = Callable[[], None]
#: Bytes that a compressed body may become, whatever it claims.
LIMIT = 64 * 2**20
_STEP = 2**18  #: bytes made at a time: between two steps the work can be given up
_SIP = 512  #: bytes of zstd taken at a time
_WINDOW = 2**27  #: the most memory a zstd frame may ask for; RFC 9659 allows 8 MiB, some senders take more


@dataclass(frozen=True, slots=True)
class Decoded:
    """The bytes to show, and what was done to get them or why it could not be.

    ``broken``: there is a coding that could not be undone, and ``content`` is what was sent. ``cut``: some of it is
    missing at the end.
    """

    content: bytes
    note: str = ""
    broken: bool = False
    cut: bool = False


def undo(
    content: bytes, content_encoding: str, *, limit: int = LIMIT, whole: bool = True, step: Step = lambda: None
) -> Decoded:
    """``content`` with its codings undone, the last applied first. ``whole``: whether these are all of its bytes.

    ``step`` is called between pieces of the work; what it raises ends it.
    """
    names = [name.strip().lower() for name in content_encoding.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    made, notes, cut = content, [], False
    for name in reversed(names if content else []):
        coding = _CODINGS.get(name)
        if coding is None:
            return Decoded(
                content, f"{name[:40]}: this coding is not known here; the body is shown as it was sent.", True
            )
        try:
            made, ending = _undo_one(coding(made), limit, whole, step)
        except _BROKEN as error:
            why = str(error).strip().rstrip(".") or type(error).__name__
            return Decoded(content, f"{name}: the bytes are not valid ({why}); shown as they were sent.", True)
        notes.append(f"{name} undone{ending}.")
        cut = cut or bool(ending)
    return Decoded(made, " ".join(notes), cut=cut)


def _undo_one(pieces: Iterator[bytes], limit: int, whole: bool, step: Step) -> tuple[bytes, str]:
    """What comes of it, and in words why that is not all."""
    made: list[bytes] = []
    size = 0
    ending = ""
    try:
        for piece in pieces:
            step()
            made.append(piece[: limit - size])
            size += len(made[-1])
            if size >= limit:
                ending = f" up to the limit of {limit:,} bytes"
                break
    except _BROKEN as error:
        if not size:
            raise
        missing = "the rest was not kept" if not whole else "it ends too early"
        ending = f" as far as it goes: {missing if isinstance(error, EOFError) else 'then it is broken'}"
    return b"".join(made), ending


def _gzip(content: bytes) -> Iterator[bytes]:
    at = 0
    while content[at : at + 2] == b"\x1f\x8b" or not at:  # RFC 1952 section 2.2: members may follow one another
        at = yield from _inflate(zlib.decompressobj(31), content, at)


def _deflate(content: bytes) -> Iterator[bytes]:
    """Servers disagree on what "deflate" is: RFC 9110 section 8.4.1.2 wants zlib's header, many leave it out."""
    headed = content[:1] and content[0] & 0x0F == 8 and int.from_bytes(content[:2], "big") % 31 == 0
    yield from _inflate(zlib.decompressobj(15 if headed else -15), content, 0)


def _inflate(machine: zlib._Decompress, content: bytes, at: int) -> Generator[bytes, None, int]:
    """What is in the stream that begins at ``at``; returns where it ends. Raises EOFError when it does not."""
    while at < len(content):
        rest = content[at : at + _STEP]
        at += len(rest)
        while rest and not machine.eof:
            yield machine.decompress(rest, _STEP)
            rest = machine.unconsumed_tail
        if machine.eof:
            return at - len(machine.unused_data)
    raise EOFError("it ends too early")


def _brotli(content: bytes) -> Iterator[bytes]:
    machine = brotli.Decompressor()
    yield machine.process(content, output_buffer_limit=_STEP)
    while not machine.is_finished():
        piece = machine.process(b"", output_buffer_limit=_STEP)
        if not piece:
            raise EOFError("it ends too early")
        yield piece


def _zstd(content: bytes) -> Iterator[bytes]:
    """In small steps, since a step's output has no bound of its own: a block of four bytes may become 128 kB."""
    factory = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    machine = factory.decompressobj()
    for at in range(0, len(content), _SIP):
        rest = content[at : at + _SIP]
        while rest:
            if machine.eof:  # RFC 8878 section 3: frames may follow one another
                machine = factory.decompressobj()
            yield machine.decompress(rest)
            rest = machine.unused_data if machine.eof else b""
    if not machine.eof:
        raise EOFError("it ends too early")


_BROKEN = (zlib.error, brotli.error, zstandard.ZstdError, EOFError)
_CODINGS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
