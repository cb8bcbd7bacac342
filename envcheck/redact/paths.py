"""Paths that say whose they are: home folders, projects, Windows profiles, servers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .anybody import is_anybody
from .step import Book, Step, compiled
from .who import Who

SEP = r"(?:[\\/]+|%2[Ff]|%5[Cc])"
#: A name ends where no letter, digit or hyphen of ASCII follows, or a dot and such.
ENDS = r"(?![\w-]|\.\w)"
_BEGINS = r"(?<![\w.~\\/-])(?<!\d>)"
#: What a drive's letter is written as: by Windows, Git's bash, Cygwin and WSL, also behind ``\\?\``.
_DRIVE = (
    rf"(?:(?:[\\/]{{2,4}}[?.][\\/]{{1,2}})?(?<![A-Za-z0-9])[A-Za-z](?::|%3[Aa])|{_BEGINS}/+(?:mnt/+"
    rf"|cygdrive/+)?[A-Za-z](?=/))"
)


def folders(who: Who, book: Book) -> Iterator[Step]:
    """Projects first, the longest before those it lies in: they mostly lie in the home."""
    home = parts_of(who.home)
    projects = {tuple(parts_of(folder)) for folder in who.projects}
    for project in sorted(projects, key=lambda parts: (-len(parts), parts)):
        if project and home[: len(project)] != list(project):
            yield Step("project", _path(list(project)), (_hint(project),))
    if home:
        yield Step("home", _path(home), (_hint(home),), instead=lambda found: book.keep("home", found, "~"))


def parts_of(path: str | None) -> list[str]:
    """The names in ``path``; none for a root or for what is no whole path, which is nobody's."""
    parts = re.split(r"[\\/]+", (path or "").rstrip("\\/"))
    rooted = parts[0] == "" or re.fullmatch(r"[A-Za-z]:", parts[0])
    return parts if rooted and len(parts) > 1 else []


def _hint(parts: Iterable[str]) -> str:
    """The longest piece of the path that is spelled in one way only."""
    words = [piece for part in parts for piece in re.findall(r"[a-z0-9_.]+", part.lower())]
    return max(words, key=len, default="")


def _path(parts: list[str]) -> str:
    """A folder with any separators, also doubled, or encoded as in a URL; never part of a longer name."""
    root = parts[0]
    if root:
        drive = root[0]
        plain = rf"(?:[\\/]{{2,4}}[?.][\\/]{{1,2}})?(?<![A-Za-z0-9]){drive}(?::|%3[Aa])"
        begins = rf"(?:{plain}|{_BEGINS}/+(?:mnt/+|cygdrive/+)?{drive}(?=/)){SEP}"
    else:
        begins = rf"(?:{_BEGINS}[\\/]+|%2[Ff])"
    names = SEP.join(spelled(part) for part in parts[1:])
    return rf"{'(?i)' if root else ''}(?P<x>{begins}{names}){ENDS}"


def spelled(name: str) -> str:
    """``name`` as a pattern: composed or decomposed, or encoded as in a URL."""
    if compiled(r"[\w.-]+", re.ASCII).fullmatch(name):
        return re.escape(name)
    import unicodedata
    from urllib.parse import quote

    forms = {name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}
    forms |= {quote(form) for form in forms}
    either = "|".join(sorted(map(re.escape, forms)))
    return either if len(forms) == 1 else f"(?:{either})"


#: What a folder's name goes on with, where a file system's usual rules hold. A name of ASCII ends at a
#: letter of another script: that is text around it.
_NAME = r"""(?:[\w.~$@+-]+|[^\x00-\x7f/\\\s，。；：、！？）】」』《》“”]+)"""
_LOCAL = (
    r"(?:(?:/+(?:var|export|mnt|data|nfs|srv|media|net|gpfs|lustre|scratch|storage|volumes?|private"
    r"|usr|beegfs)(?:/+[\w.-]+)?)?/+)"
)


def _anybody(found: re.Match[str]) -> bool:
    return is_anybody("user", found["x"].rstrip(".")) or found["x"].startswith("<")


def _user(regex: str, *hints: str) -> Step:
    return Step("user", regex, hints, _anybody)


def _is_server(found: re.Match[str]) -> bool:
    """``\\\\wsl$`` and the like name this machine; ``\\\\u4ee4`` is an escape."""
    name = found["x"].lower()
    return is_anybody("host", name) or bool(re.match(r"wsl|u[0-9a-f]{4}|[nrt]$", name))


#: Windows allows spaces in the name, where a separator shows its end.
_PROFILE = r"""(?P<x>[^\\/:;,'"<>|*?%\r\n]{1,64}(?=[\\/])|[^\\/\s:;,'"<>|*?%()]+)"""
OTHER_HOMES = [
    _user(rf"(?:{_BEGINS}{_LOCAL}|%2[Ff])home\d*{SEP}(?:users/+)?(?P<x>{_NAME})", "home"),
    _user(rf"(?i)(?:{_DRIVE}{SEP}|{_BEGINS}/+)Users{SEP}{_PROFILE}", "users"),
    _user(rf"(?i){_DRIVE}{SEP}(?:Documents and Settings|DOCUME~\d){SEP}{_PROFILE}", "docume"),
    # \\server\Users\alice, \\server\home$\alice, \\server\c$\Users\alice
    _user(
        rf"(?i)(?<![\w\\])\\\\+[\w.-]+{SEP}(?:[a-z]\$[\\/]+)?(?:Users|home|homes|profiles"
        rf"|roaming)\$?{SEP}{_PROFILE}",
        "users",
        "home",
        "profiles",
        "roaming",
    ),
    _user(
        rf"{_BEGINS}/+(?:scratch|netscratch|homes|ptmp|people|glade/u)/+(?:users/+)?(?P<x>{_NAME})",
        "scratch",
        "homes",
        "ptmp",
        "people",
        "glade",
    ),
    _user(rf"{_BEGINS}/+(?:afs/+[\w.-]+|eos)/+(?:users?|usr|home)/+(?:\w/+)?(?P<x>{_NAME})", "/afs", "/eos"),
    _user(rf"{_BEGINS}/+(?:run/+)?media/+(?P<x>{_NAME})/", "media"),
    _user(rf"{_BEGINS}/+var/+(?:spool/+)?(?:mail|cron/crontabs)/+(?P<x>{_NAME})", "mail", "crontabs"),
    _user(r"(?<![\w~/\\.)\]*])(?<!\d>)~(?P<x>[a-z][\w-]+)(?=/)", "~"),
    _user(rf"(?i)\\\\wsl(?:\$|\.localhost)\\+[\w.-]+\\+home\\+(?P<x>{_NAME})", "wsl"),
    Step("host", r"(?<![\w\\:.%])\\\\(?:\\\\)?(?P<x>[A-Za-z][\w.-]*)\\{1,2}[\w$.-]+", ("\\\\",), _is_server),
]
