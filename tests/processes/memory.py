"""Looking into processes from outside, as an attacker on the same machine would."""

from collections.abc import Iterator
from pathlib import Path


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def command_line_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def memory_of(pid: int) -> Iterator[bytes]:
    """Return the contents of every mapping that a process can write to: heaps, stacks, buffers."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if rights.startswith("rw") and "[vvar" not in line:
                first, last = (int(edge, 16) for edge in span.split("-"))
                yield _between(memory, first, last)


def _between(memory: object, first: int, last: int) -> bytes:
    memory.seek(first)  # type: ignore[attr-defined] # a raw file
    found = bytearray()
    while len(found) < last - first:
        try:
            piece = memory.read(last - first - len(found))  # type: ignore[attr-defined] # as above
        except OSError:
            break  # given back meanwhile
        if not piece:
            break
        found += piece
    return bytes(found)
