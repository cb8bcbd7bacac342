"""A fix's commands, which rules write for a Unix shell, as Windows' own prompt (cmd) takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .model import Fix

#: ``export A=1 B=2``: nothing in the values that a shell would put in.
_EXPORT = re.compile(r"export ((?:\w+=[^\s$]+ ?)+)")
_UNSET = re.compile(r"unset (\w+|\{[a-z_.]+\})")
#: The search for lines of a program; Windows' own looks for texts too, and knows no whole words.
_GREP = re.compile(r"grep -rnw?F --include=\"(\S+)\" ((?:-e \"[^\"]+\" )+)\.")
#: What only a Unix system has: its programs, folders and shell.
_UNIX = re.compile(
    r"^(?:sudo|export|unset|grep|ls|df|du|free|cat|printf|echo|kill|readlink|ulimit|source|mokutil|ldconfig"
    r"|ln|TF_\w+=)\b|\| |~/|\bbin/|\$\("
)
#: What means nothing on Windows, in whatever command.
_NOTHING = re.compile(r"/dev/|/usr/|LD_LIBRARY_PATH|LD_PRELOAD")


def on_windows(fix: Fix) -> Fix:
    """``fix`` with the commands that there are on Windows: variables are set as cmd does, and what only a
    Unix system has is left out."""
    return fix._replace(run=tuple(_all(fix.run)), verify=tuple(_all(fix.verify)))


def _all(lines: tuple[str, ...]) -> Iterator[str]:
    for line in (line for line in lines if not _NOTHING.search(line)):
        exported, unset, grep = _EXPORT.fullmatch(line), _UNSET.fullmatch(line), _GREP.fullmatch(line)
        if grep:
            yield f"findstr /s /n /l {grep[2].replace('-e ', '/c:')}{grep[1]}"
        elif exported:
            yield from (f"set {pair}" for pair in exported[1].split())
        elif unset:
            yield f"set {unset[1]}="
        elif not _UNIX.search(line):
            yield line
