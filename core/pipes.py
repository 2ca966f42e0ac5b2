"""Messages between two processes of ours over a pipe: a JSON header and some bytes, each preceded by its length. No pickle: nothing in a message can run."""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import IO, Any

LENGTH = struct.Struct(">Q")

Message = tuple[dict[str, Any], list[bytes]]


def send(stream: IO[bytes], header: Mapping[str, Any], bodies: Sequence[bytes] = ()) -> None:
    """Write one message; OSError if nobody reads any more."""
    head = json.dumps({"header": header, "lengths": [len(body) for body in bodies]}, ensure_ascii=False).encode()
    stream.write(b"".join([LENGTH.pack(len(head)), head, *bodies]))
    stream.flush()


def receive(stream: IO[bytes]) -> Message:
    """Read one message; EOFError if the other side ended before it was whole."""
    (length,) = LENGTH.unpack(_read(stream, LENGTH.size))
    head = json.loads(_read(stream, length))
    return head["header"], [_read(stream, size) for size in head["lengths"]]


def _read(stream: IO[bytes], size: int) -> bytes:
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    return body
