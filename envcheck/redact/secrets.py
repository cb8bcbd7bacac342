"""Secrets: tokens, keys, passwords, credentials in URLs. They are shown nowhere.

Tokens are known by the forms that their makers document; the rest by the name that stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from . import encoded, tokens
from .step import PLACEHOLDER, Step

KINDS = ("private-key", "credentials", "token", "secret", "license")

#: What stands behind a secret's name without being one.
_EMPTY = frozenset(
    {"", "none", "null", "true", "false", "yes", "no", "n/a", "***", "****", "nil", "undefined"}
)

#: The end of ``HF_TOKEN``, ``aws_secret_access_key``, ``TOKEN_2``; not of ``max_tokens``, ``PWD``.
_NAME = (
    r"(?:token|secret|passw(?:or)?d|passphrase|(?-i:(?<=_)PWD|(?<![A-Za-z])pwd)|credentials?|passwort|senha"
    r"|(?:api|access|account|private|secret|auth|signing|encryption|storage|licen[cs]e|product|client"
    r"|shared|master"
    r"|session|subscription|activation)[ _-]?key(?:[_-]?data)?|(?-i:(?<=[A-Z0-9])_KEY)|connection[_-]?string"
    r"|session[_-]?id|certificate[_-]data|(?<![A-Za-z])_?auth(?![A-Za-z])|密码|口令|令牌|密钥|授权码)"
    r"(?:[_-]?(?:id|base|value|prod|test|dev|\d+)){0,3}(?![a-z])"
)
_NAMES = (
    *("token", "secret", "passw", "passphrase", "pwd", "credential", "senha", "key", "connection", "session"),
    *("auth", "certificate", "密码", "口令", "令牌", "密钥", "授权码"),
)
#: A quotation mark, also escaped in JSON.
_QUOTE = r"""(?:\\{0,4}["'])"""
#: A value ends at a blank, and at punctuation of any script.
_STOP = r"""\s"',;&，。；、！？）】」』《》“”"""
_VALUE = rf"""(?:(?<=")[^"\r\n]+|(?<=')[^'\r\n]+|[^{_STOP}]+)"""
_EQUALS = r"(?:=>|:=|[:=：＝]|[是为](?=\s{0,3}[!-~]{4}))"

#: Keys of JSON objects whose values are secrets, whatever they look like.
FIELDS = [Step("secret", rf"(?i){_NAME}$", _NAMES)]

#: What follows "password" in prose.
_PROSE = (
    r"(?!(?:is|was|for|required|incorrect|wrong|expired|changed|missing|prompt|authentication|protected"
    r"|auth|not|or"
    r"|and|to|in|hash|file|error|failed|login)\b)"
)


def is_empty(text: str) -> bool:
    """Whether ``text`` is what programs write where there is no secret."""
    return text.strip().lower() in _EMPTY


def _empty(found: re.Match[str]) -> bool:
    return is_empty(found["x"]) or bool(PLACEHOLDER.fullmatch(found["x"]))


def _no_one(found: re.Match[str]) -> bool:
    """``ssh://git@host`` names no one."""
    return found["x"] == "git"


#: What stands before ``@`` in an address. A password may hold a slash; ``://host:8080/…@`` holds none.
_LOGIN = r"""[^\s/'"]+|[^\s/:@'"]+:(?!\d+(?:/|\s|$))[^\s@'"]+"""

_NAMED = [
    Step(
        "private-key",
        r"(?s)(?P<x>-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"
        r".*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z))",
        ("private key",),
    ),
    Step("private-key", r"(?s)Private-Lines: \d+\r?\n(?P<x>.*?)(?=\r?\nPrivate-MAC|\Z)", ("private-lines",)),
    Step(
        "token",
        r"(?:hooks\.slack\.com/(?:services|workflows)|[\w-]+\.webhook\.office\.com/webhook\w*"
        r"|/api/webhooks/\d+)"
        r"/(?P<x>[\w/@-]{16,})",
        ("hooks.slack.com", "webhook"),
    ),
    Step("credentials", r"""://(?P<x>[^\s/'"]+)@""", ("://",), _no_one),
    Step("credentials", r"""://(?P<x>[^\s/:@'"]+:(?!\d+(?:/|\s|$))[^\s@'"]+)@""", ("://",)),
]
#: A product key of Windows.
_PRODUCT_KEY = r"(?<![\w-])(?P<x>(?:[A-Z0-9]{5}-){4}[A-Z0-9]{5})"
_BY_NAME = [
    Step("license", rf"{_PRODUCT_KEY}(?![\w-])", ("-",)),
    Step(
        "credentials",
        r"(?i)\b(?:basic|bearer|negotiate|digest)\s+(?P<x>(?=\S*[\d=+/_.-])[\w+/=.~-]{12,})",
        ("basic", "bearer", "negotiate", "digest"),
    ),
    Step(
        "credentials",
        r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|token|apikey|digest|negotiate)\s+)?"
        r"(?P<x>[^\s\"',;<]{6,})",
        ("authorization",),
        lambda found: found["x"].lower() in ("basic", "bearer", "negotiate", "digest"),
    ),
    Step("credentials", r"(?i)\b(?:set-)?cookie\s*:\s*(?P<x>[^\s<\"'][^\r\n\"']*)", ("cookie",)),
    Step(
        "secret", rf"(?i){_NAME}{_QUOTE}?\s{{0,3}}{_EQUALS}\s{{0,3}}{_QUOTE}?(?P<x>{_VALUE})", _NAMES, _empty
    ),
    Step("secret", rf"(?i)<[\w:.-]{{0,40}}?{_NAME}>\s*(?P<x>[^<\s][^<]*)</", _NAMES, _empty),
    Step("secret", rf"(?i)(?<!\S)--?[\w-]{{0,40}}?{_NAME}[ \t]+[\"']?(?P<x>(?!-){_VALUE})", _NAMES, _empty),
    # curl -u alice:password, wget's and pip's like
    Step(
        "credentials",
        r"(?<!\S)(?:-u|--user|--proxy-user)[ =][\"']?(?P<x>[^\s:\"']+:[^\s\"']+)",
        ("-u", "--proxy-u"),
        lambda found: bool(re.fullmatch(r"\d+:\d+", found["x"])),  # docker run -u 1000:1000
    ),
    # docker login -p, sshpass -p, mysql -p
    Step(
        "secret",
        r"\b(?:docker|podman|nerdctl|oras|helm|login|sshpass|mysql\w*|mariadb\w*)\b[^\n"
        r"|;]*?\s-p ?[\"']?(?P<x>(?!\d+:)[^\s\"'-][^\s\"']*)",
        (" -p",),
        lambda found: not re.search(r"login|sshpass|mysql|mariadb", found[0]) or is_empty(found["x"]),
    ),
    Step("secret", r"\bpass:(?P<x>[^\s\"']+)", ("pass:",)),
    Step(
        "secret",
        r"""(?i)[?&](?:sig|[\w-]*signature|key|auth|code)=(?P<x>[^&\s"'<>]{8,})""",
        ("sig", "key=", "auth=", "code="),
    ),
    Step("secret", r"(?i)\blogin\s+\S+\s+password\s+(?P<x>\S+)", ("password",)),
    Step(
        "secret",
        rf"(?im)^[ \t>|]*(?:password|passwd|account)[ \t]+(?P<x>{_PROSE}[^\s:=]\S{{3,}})[ \t]*$",
        ("passw", "account"),
    ),
    # .pgpass: host:port:database:user:password
    Step(
        "secret",
        r"(?<![\w.:*/-])[\w.*-]+:(?:\d{4,5}|\*):[A-Za-z_*][\w*-]*:[A-Za-z_*][\w.*-]*:(?P<x>[^\s:\"'<>&"
        r"|\\]{4,})",
        (":",),
    ),
    Step("credentials", encoded.BASE64, (), lambda found: not encoded.holds(found["x"], is_secret)),
]


def by_form(text: str) -> list[Step]:
    """What is known by its form alone, whatever follows: for lines put together, where the next one does."""
    return [*_of_forms(tokens.occurring(text)), Step("license", _PRODUCT_KEY)]


def _of_forms(forms: Iterable[str]) -> list[Step]:
    """The step that finds tokens of ``forms``, if there are any."""
    either = "|".join(forms)
    return [Step("token", rf"(?<![A-Za-z0-9_])(?P<x>{either})")] if either else []


def steps(text: str) -> list[Step]:
    """All that may find something in ``text``."""
    lowered = text.lower()
    return [
        *(step for step in _NAMED if step.may_be_in(lowered)),
        *_of_forms(tokens.occurring(text)),
        *(step for step in _BY_NAME if step.may_be_in(lowered)),
    ]


def is_secret(text: str) -> bool:
    """Whether decoded text is a secret: a known form, or a user's name and a password."""
    if re.fullmatch(r"[\w.@+-]{1,64}:[^\s:]{4,}", text):
        return True
    lowered = text.lower()
    named = (step for step in [*_NAMED, *_BY_NAME[:-1]] if step.may_be_in(lowered))
    return bool(tokens.occurring(text)) or any(
        not (step.harmless and step.harmless(match))
        for step in named
        for match in step.pattern.finditer(text)
    )
