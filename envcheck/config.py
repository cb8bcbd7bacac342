"""The text that ``--config`` names: a file, or an https address. Nothing is fetched that nobody named."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from .model import Wrong
from .words import say

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

#: Bytes beyond which nothing is such a file.
LARGEST = 1024 * 1024
#: Seconds that a server may be silent, and that the whole may take.
SILENT, WHOLE = 10, 30
_PIECE = 64 * 1024


def read(named: str, opener: OpenerDirector | None = None) -> str:
    """The text at ``named``, a path or an address. Raises ``Wrong`` with the reason where there is none.

    ``opener`` fetches it; None: urllib's own, with the proxies that the environment names.
    """
    address = is_address(named)
    if address and not named.lower().startswith("https://"):
        raise _wrong(named, say("an address must begin with https://"))
    try:
        content = _fetched(named, opener) if address else _of_file(named)
        if len(content) > LARGEST:
            raise _wrong(named, say("it is larger than {size} MB", size=LARGEST // 1024**2))
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong(named, say("it is no text in UTF-8")) from None
    except (OSError, ValueError) as error:  # of urllib: no such host, no answer, a bad address
        raise _wrong(named, _why(error)) from None


def is_address(named: str) -> bool:
    """Whether ``named`` is an address, and no path: a drive of Windows has one letter."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", named) is not None


def name(named: str) -> str:
    """How messages call it: an address without what may be a secret, which may stand in its query."""
    if not is_address(named):
        return named
    scheme, _, rest = re.split(r"[?#]", named, maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _of_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(LARGEST + 1)


def _fetched(address: str, opener: OpenerDirector | None) -> bytes:
    """The bytes behind ``address``, which is https, as must be wherever it is moved to."""
    from http.client import HTTPException  # slow to import, rarely needed
    from urllib.request import Request

    request = Request(address, headers={"User-Agent": "envcheck", "Accept": "text/plain, */*"})
    try:
        with (opener or _opener()).open(request, timeout=SILENT) as answer:
            return _received(answer)
    except HTTPException as error:  # no HTTP, or an address that cannot be asked for
        raise OSError(str(error) or type(error).__name__) from None


def _received(answer: Any) -> bytes:
    """The body, or a little more than the largest that is accepted; however slowly it drips."""
    end, content = time.monotonic() + WHOLE, b""
    while len(content) <= LARGEST:
        piece: bytes = answer.read1(_PIECE)
        if not piece:
            break
        content += piece
        if time.monotonic() > end:
            raise OSError(say("no answer within {seconds} s", seconds=WHOLE))
    return content


def _opener() -> OpenerDirector:
    from urllib.request import HTTPRedirectHandler, build_opener

    class OnlyHttps(HTTPRedirectHandler):
        """Nobody who reads the traffic may say what is wanted here."""

        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            if not newurl.lower().startswith("https://"):
                raise OSError(say("it was moved to an address that does not begin with https://"))
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    return build_opener(OnlyHttps())


def _why(error: Exception) -> str:
    """The reason in a few words; urllib wraps it in several ways."""
    from socket import timeout  # TimeoutError itself from Python 3.10 on

    code, inner = getattr(error, "code", None), getattr(error, "reason", None)
    if code is not None:
        return say("the server answers {code} ({reason})", code=code, reason=inner or "")
    told = inner if inner is not None else error
    if isinstance(told, (TimeoutError, timeout)):
        return say("no answer within {seconds} s", seconds=SILENT)
    return str(getattr(told, "strerror", None) or told)


def _wrong(named: str, error: str) -> Wrong:
    return Wrong(say("cannot read {path}: {error}", path=name(named), error=error))
