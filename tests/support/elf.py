"""Libraries and programs of a few hundred bytes: enough of ELF for the loader to read what they need."""

from __future__ import annotations

import struct
from collections.abc import Sequence

X86_64, ARM64 = 62, 183  # e_machine
LINUX, FREEBSD = 0, 9  # EI_OSABI; 0 is what Linux' own compilers write
NULL, NEEDED, HASH, STRTAB, SYMTAB, STRSZ, SYMENT, SONAME, RUNPATH = 0, 1, 4, 5, 6, 10, 11, 14, 29  # d_tag


def library(*needed: str, soname: str = "", runpath: str = "", machine: int = X86_64, system: int = LINUX) -> bytes:
    """Return a library that needs the libraries `needed`."""
    strings, places = b"\0", {}
    for text in filter(None, (*needed, soname, runpath)):
        places[text] = len(strings)
        strings += text.encode() + b"\0"
    entries = [(NEEDED, places[name]) for name in needed]
    entries += [(tag, places[text]) for tag, text in ((SONAME, soname), (RUNPATH, runpath)) if text]
    start = 64 + 2 * 56  # behind the header and two program headers
    symbols = start + 16 * (len(entries) + 6)
    table = symbols + 24  # one symbol, the empty one
    text = table + 16
    entries += [(HASH, table), (STRTAB, text), (SYMTAB, symbols), (STRSZ, len(strings)), (SYMENT, 24), (NULL, 0)]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    body = dynamic + bytes(24) + struct.pack("<4I", 1, 1, 0, 0) + strings
    size = start + len(body)
    identity = b"\x7fELF" + bytes([2, 1, 1, system]) + bytes(8)
    header = identity + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    return header + _segments((1, 6, 0, size, 0x1000), (2, 6, start, len(dynamic), 8)) + body


def program(loader: str) -> bytes:
    """Return what a program begins with that `loader` starts."""
    path = loader.encode() + b"\0"
    identity = b"\x7fELF" + bytes([2, 1, 1, LINUX]) + bytes(8)
    header = identity + struct.pack("<HHIQQQIHHHHHH", 2, X86_64, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return header + _segments((3, 4, 64 + 56, len(path), 1)) + path


def _segments(*segments: Sequence[int]) -> bytes:
    """Return program headers, each of (p_type, p_flags, where, size, p_align)."""
    return b"".join(
        struct.pack("<IIQQQQQQ", kind, flags, where, where, where, size, size, align)
        for kind, flags, where, size, align in segments
    )
