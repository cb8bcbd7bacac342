"""What pip and uv draw on a terminal, read: an old pip, and uv, tell how far a download is in no other way.

They get a pseudo-terminal that nobody sees. What they draw there becomes lines and shares of a download;
where none is left, their lines come through pipes as ever. Where the system has none (Windows), see
``arrivals``.
"""

from __future__ import annotations

import os
import re
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

#: So wide that no bar and hardly any sentence is cut or wrapped.
ROWS, COLUMNS = 50, 200
#: How long, after the program's end, what it left behind may still hold the terminal.
LINGER = 0.5
#: A row that has not ended yet is kept up to here: a frame of uv's is one row, with ten bars and more in it.
_LONGEST = 16384
#: Lets one of its streams be the terminal of that name, not its controlling one: its group stays ours.
_ON_SCREEN = (
    "import os, sys; os.dup2(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY), int(sys.argv[2])); "
    "os.execvp(sys.argv[3], sys.argv[3:])"
)

#: A row ends for good, or is written over: from its begin, or since the cursor goes to one above.
_END = re.compile(rb"[\r\n]+|\x1b\[\d{0,4}[AFGH]")
#: ECMA-48: control sequences (colours, erasing), and operating system commands (links).
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
#: pip 22 and later, where without colours the bar itself may be empty: "━━━━╸━━━━ 12.3/620.0 MB 2.3 MB/s".
_PIP = re.compile(r"[-━╸╺ ]*(\d[\d.,]*)/(\d[\d.,]*) (?:bytes|[kMGT]B)\b")
#: pip before 22, which does not tell the whole: "|███▍        | 12.3 MB 2.3 MB/s eta 0:00:05".
_OLD_PIP = re.compile(r"\|([ ▏▎▍▌▋▊▉█#]{32})\| ")
_EIGHTHS = {sign: eighths for eighths, sign in enumerate(" ▏▎▍▌▋▊▉")}
#: uv, several at once: "numpy ------------------------------ 14.88 KiB/15.10 MiB".
_UV = re.compile(r"(\S{1,99}) [-━╸╺]{8,} (\d[\d.]*) (\w+)/(\d[\d.]*) (\w+)")
_UNITS = {"B": 1.0} | {
    f"{sign}{end}": base ** (power + 1)
    for power, sign in enumerate("KMGT")
    for end, base in (("B", 1000.0), ("iB", 1024.0))
}
#: uv's wheel that turns while it looks, and its bar of what it links into place.
_BUSY = re.compile("[\u2800-\u28ff█░]")


def is_watched() -> bool:
    """Whether the one we tell can see a bar grow: progress goes to standard error."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def can_be_had() -> bool:
    """Whether this system has pseudo-terminals; Windows' are made in another way."""
    return hasattr(os, "openpty")


class Screen:
    """A pseudo-terminal, and a thread that reads what is written to it."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        """Hand the pieces that come to ``take``. Raises OSError where there is no such terminal."""
        try:
            import fcntl
            import termios
        except ImportError as error:  # Windows
            raise OSError(str(error)) from None
        self._ours, self._theirs = os.openpty()
        self._take: Callable[[bytes], None] | None = take
        self._thread = threading.Thread(target=self._read, daemon=True)
        try:
            fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            self._name = os.ttyname(self._theirs)
            self._thread.start()
        except (OSError, RuntimeError) as error:
            os.close(self._theirs)
            os.close(self._ours)
            raise OSError(str(error)) from None

    def shows(self, argv: Sequence[str], stream: int) -> list[str]:
        """``argv`` with this terminal for one of its streams, 1 or 2; the other one stays what it is."""
        return [sys.executable, "-I", "-S", "-c", _ON_SCREEN, self._name, str(stream), *argv]

    def close(self) -> None:
        """Read what is left, after the program's end; nothing is handed on from then."""
        os.close(self._theirs)
        self._thread.join(LINGER)
        self._take = None

    def _read(self) -> None:
        with suppress(OSError):  # Linux: EIO where nobody holds the other end any more
            while True:
                data, take = os.read(self._ours, 65536), self._take
                if not data or take is None:
                    break
                take(data)
        os.close(self._ours)


class Drawn:
    """Bytes for a terminal to lines and shares of what is downloaded.

    What is written over was never a line. What is drawn again as it was is told again: whether that is
    news is for others to say.
    """

    def __init__(self, line: Callable[[str], None], share: Callable[[float], None]) -> None:
        """Where lines and shares (0 to 1) go."""
        self._line, self._share = line, share
        self._rest = b""
        self._downloads: dict[str, tuple[float, float]] = {}

    def add(self, data: bytes) -> bytes:
        """Take in the next piece → the lines in it, for a log: no bars, no colours."""
        self._rest += data
        begin, lines = 0, []
        for end in _END.finditer(self._rest):
            stays = b"\n" in end[0]
            if end.end() == len(self._rest) and not stays:
                break  # a line feed may follow the carriage return
            lines.append(self._row(self._rest[begin : end.start()], stays))
            begin = end.end()
        self._rest = self._rest[begin:][-_LONGEST:]
        return b"".join(lines)

    def end(self) -> bytes:
        """What has not ended is a line, too: nothing writes over it any more."""
        data, self._rest = self._rest, b""
        return self._row(data, True)

    def _row(self, data: bytes, stays: bool) -> bytes:
        text = _typed(_ESCAPE.sub("", data.decode("utf-8", "replace"))).rstrip()
        row = text.strip()
        share = self._share_of(row)
        if share is not None:
            self._share(share)
        elif stays and row and not _BUSY.match(row):
            self._downloads.clear()  # uv says nothing between its bars: a line ends what they belonged to
            self._line(row)
            return text.encode() + b"\n"
        return b""

    def _share_of(self, row: str) -> float | None:
        old = _OLD_PIP.match(row)
        if old:
            return sum(_EIGHTHS.get(sign, 8) for sign in old[1]) / 8 / len(old[1])
        row = re.sub(" +", " ", row)
        pip = _PIP.match(row)
        if pip:
            return _number(pip[1]) / max(_number(pip[2]), 1e-9)
        found = {each[1]: (_bytes(each[2], each[3]), _bytes(each[4], each[5])) for each in _UV.finditer(row)}
        if not found:
            return None
        self._downloads.update(found)
        have = sum(have for have, _ in self._downloads.values())
        return have / max(1.0, sum(whole for _, whole in self._downloads.values()))


def _typed(text: str) -> str:
    """``text`` as it stands after its backspaces: pip's wheel turns on one place (``-\\b \\b\\\\``)."""
    if "\b" not in text:
        return text
    row: list[str] = []
    at = 0
    for sign in text:
        if sign == "\b":
            at = max(0, at - 1)
        else:
            row[at : at + 1] = [sign]
            at += 1
    return "".join(row)


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:  # "1.2.3": no bar's
        return 0.0


def _bytes(text: str, unit: str) -> float:
    return _number(text) * _UNITS.get(unit.upper().replace("IB", "iB"), 1.0)
