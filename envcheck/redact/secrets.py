"""Secrets: tokens, keys, passwords, credentials in URLs. They are shown nowhere.

Tokens are known by the forms that their makers document; the rest by the name that stands before it.
"""

from __future__ import annotations

import re

from .step import Step

KINDS = ("private-key", "credentials", "token", "secret")

#: What stands behind a secret's name without being one.
_EMPTY = frozenset({"", "none", "null", "true", "false", "yes", "no", "n/a", "***", "****"})

#: The end of ``HF_TOKEN``, ``aws_secret_access_key``, ``TOKEN_2``; not of ``max_tokens``, ``PWD``.
_NAME = (
    r"(?:token|secret|passw(?:or)?d|passphrase|(?-i:(?<=_)PWD|(?<![A-Za-z])pwd)|credentials?"
    r"|(?:api|access|account|private|secret|auth|signing|encryption|storage|licen[cs]e)[_-]?key"
    r"|(?-i:(?<=[A-Z0-9])_KEY)|connection[_-]?string)"
    r"(?:[_-]?(?:id|base|value|prod|test|dev|\d+)){0,3}(?![a-z])"
)
_VALUE = r"""(?:(?<=")[^"\r\n]+|(?<=')[^'\r\n]+|[^\s"',;&]+)"""

#: Keys of JSON objects whose values are secrets, whatever they look like.
FIELDS = [("secret", re.compile(rf"(?i){_NAME}$"))]

_TOKENS = (
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|pypi-Ag[\w-]{16,}|npm_[A-Za-z0-9]{30,}"
    r"|(?:AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w.-]{20,}|GOCSPX-[\w-]{20,}"
    r"|xox[abeoprs]-[\w-]{10,}|[rs]k_(?:live|test)_\w{16,}|sk-[\w-]{20,}|hf_[A-Za-z0-9]{20,}|nvapi-[\w-]{20,}"
    r"|dckr_pat_[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|do[opr]_v1_[a-f0-9]{40,}|dapi[0-9a-f]{32}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # a JWT: base64 of {"…
)


def is_empty(text: str) -> bool:
    """Whether ``text`` is what programs write where there is no secret."""
    return text.strip().lower() in _EMPTY


def _empty(found: re.Match[str]) -> bool:
    return is_empty(found["x"])


def _git(found: re.Match[str]) -> bool:
    """``ssh://git@host`` names no one."""
    return found["x"] == "git"


STEPS = [
    Step(
        "private-key",
        re.compile(
            r"(?s)(?P<x>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))"
        ),
    ),
    Step("credentials", re.compile(r"""://(?P<x>[^\s/'"]+)@"""), _git),
    # A password with a slash in it; ``://host:8080/…@`` has none.
    Step("credentials", re.compile(r"""://(?P<x>[^\s/:@'"]+:(?!\d+(?:/|\s|$))[^\s@'"]+)@""")),
    Step("credentials", re.compile(r"(?i)%3A%2F%2F(?P<x>[^\s/]+?)%40")),
    Step("token", re.compile(rf"(?<![A-Za-z0-9_])(?P<x>{_TOKENS})")),
    Step(
        "credentials",
        re.compile(r"(?i)\b(?:basic|bearer|negotiate|digest)\s+(?P<x>(?=\S*[\d=+/_.-])[\w+/=.~-]{12,})"),
    ),
    Step("credentials", re.compile(r"(?i)\b(?:set-)?cookie\s*:\s*(?P<x>[^\s<][^\r\n]*)")),
    Step(
        "secret",
        re.compile(rf"(?i){_NAME}[\"']?\s{{0,3}}(?:=>|[:=])\s{{0,3}}[\"']?(?P<x>{_VALUE})"),
        _empty,
    ),
    Step(
        "secret", re.compile(rf"(?i)(?<!\S)--?[\w-]{{0,40}}?{_NAME}[ \t]+[\"']?(?P<x>(?!-){_VALUE})"), _empty
    ),
    Step("secret", re.compile(r"""(?i)[?&](?:sig|[\w-]*signature)=(?P<x>[^&\s"']+)""")),
    Step("secret", re.compile(r"(?i)\blogin\s+\S+\s+password\s+(?P<x>\S+)")),
]
