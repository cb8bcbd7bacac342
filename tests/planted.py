"""Secrets made up at random, by kind, and the places where they are planted."""

from __future__ import annotations

import base64
import html
import importlib
import json
import random
import string
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from envcheck.redact import tokens

_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
_LETTERS = string.ascii_letters + string.digits
_CLASSES = {"category_word": _LETTERS + "_", "category_digit": string.digits}


class Planted(NamedTuple):
    """What is written, and the parts of it that must not be seen."""

    kind: str
    text: str
    secrets: tuple[str, ...]
    #: Whether it is shown nowhere; else it is identity, which the terminal shows.
    nowhere: bool = True


def sample(form: str, draw: random.Random) -> str:
    """A text of the form of a pattern: literals, sets, groups, repeats."""
    return "".join(_sampled(_parser.parse(form), draw))


def _sampled(parsed: Any, draw: random.Random) -> Iterator[str]:
    for operation, value in parsed:
        name = str(operation).lower()
        if name == "literal":
            yield chr(value)
        elif name == "in":
            yield draw.choice(_set(value))
        elif name == "max_repeat":
            least, most, inner = value
            for _ in range(draw.randint(least, min(int(most), least + 6))):
                yield from _sampled(inner, draw)
        elif name == "subpattern":
            yield from _sampled(value[-1], draw)
        elif name == "branch":
            yield from _sampled(draw.choice(value[1]), draw)
        else:
            assert name in ("assert", "assert_not"), name


def _set(members: Any) -> str:
    found = ""
    for operation, value in members:
        name = str(operation).lower()
        if name == "literal":
            found += chr(value)
        elif name == "range":
            found += "".join(map(chr, range(value[0], value[1] + 1)))
        else:
            found += _CLASSES[str(value).lower()]
    return found


def word(draw: random.Random, length: int = 14, letters: str = _LETTERS) -> str:
    """Random characters; the first is a letter, a digit and a capital are among them."""
    return draw.choice("bcdfghk") + "".join(draw.choice(letters) for _ in range(length - 3)) + "7Q"


def name(draw: random.Random) -> str:
    """A made-up user's or machine's name."""
    return "".join(draw.choice("bdfgklmprstvz") + draw.choice("aeiou") for _ in range(4))


def _digits(draw: random.Random, number: int) -> str:
    return "".join(draw.choice("123456789") for _ in range(number))


def _hex(draw: random.Random, number: int) -> str:
    return "".join(draw.choice("0123456789abcdef") for _ in range(number))


def of_forms(draw: random.Random) -> Iterator[Planted]:
    """One token of each form that is known."""
    for maker, forms in tokens.FORMS.items():
        for hint, form in forms:
            token = sample(form, draw)
            while maker.startswith("OpenAI") and not any(map(str.isdigit, token)):
                token = sample(form, draw)
            kept = token.rstrip("-._~=/")  # what ends in one of these ends with a sentence, too
            token = kept + ("a7" * len(token))[: len(token) - len(kept)]
            yield Planted(f"{maker} {hint}", ("/t/" if hint == "/t/" else "") + token, (token,))


#: Kind → a text with ``{}`` for a random word.
_NAMED = {
    "pip password": "PIP_PASSWORD={}",
    "variable in quotes": "export HF_TOKEN='{}'",
    "yaml": 'password: "{}"',
    "ini": "aws_secret_access_key = {}",
    "numbered": "API_KEY_2={} next",
    "suffix": "WANDB_KEY={}",
    "json": '{{"client_secret": "{}"}}',
    "kubeconfig": "    client-key-data: {}",
    "docker auth": '{{"auths": {{"reg.example": {{"auth": "{}"}}}}}}',
    "npmrc": "//registry.example/:_authToken={}",
    "npmrc password": "_password={}",
    "pypirc": "username = __token__\npassword = {}",
    "netrc": "machine mirror.example\n  login alice\n  password {}",
    "netrc in a line": "machine mirror.example login alice password {}",
    "option": "twine upload --password {} dist/*",
    "option with =": "curl --api-key={} https://x.example",
    "curl": "curl -u alice:{} https://x.example/",
    "docker login": "docker login -u alice -p {} reg.example",
    "index": "--index-url https://alice:{}@mirror.example/simple",
    "index with slash": "https://alice:{}/x@mirror.example/simple",
    "git remote": "origin\thttps://oauth2:{}@git.example/a/b.git (fetch)",
    "redis": "redis://:{}@cache.example:6379/0",
    "database": "postgresql+psycopg2://alice:{}@db.example/x",
    "cookie": "Cookie: session={}",
    "signature": "https://x.blob.example/y?sv=1&sig={}&se=2",
    "account key": "DefaultEndpointsProtocol=https;AccountKey={};EndpointSuffix=x",
    "bearer": "Authorization: Bearer {}",
    "authorization": '"Authorization": "token {}"',
    "header": "X-Api-Key: {}",
    "jupyter": "http://127.0.0.1:8888/lab?token={}",
    "xml": "<proxyPassword>{}</proxyPassword>",
    "openssl": "openssl rsa -passin pass:{} -in k",
    "pgpass": "db.example:5432:mlflow:alice:{}",
    "chinese": "密码：{}，请勿外传",
    "chinese 2": "令牌为{} 谢谢",
    "slack hook": "https://hooks.slack.com/services/T0/B0/{}",
}
#: The same, of what only who sits at the machine may see.
_IDENTITY = {
    "home": "/home/{}/.keras/keras.json",
    "mac home": "/Users/{}/Library/x",
    "var home": "/var/home/{}/x",
    "profile": r"C:\Users\{}\AppData\Local",
    "profile in JSON": r"C:\\Users\\{}\\AppData",
    "profile with slashes": "C:/Users/{}/AppData",
    "long profile": r"\\?\C:\Users\{}\AppData",
    "git bash": "/c/Users/{}/x",
    "cygwin": "/cygdrive/c/Users/{}/x",
    "wsl": "/mnt/c/Users/{}/x",
    "wsl share": r"\\wsl$\Ubuntu\home\{}\x",
    "server": r"\\files01\home$\{}\x",
    "documents": r"C:\Documents and Settings\{}\x",
    "scratch": "/scratch/{}/x",
    "media": "/media/{}/disk/x",
    "tilde": "~{}/bin",
    "USER": "USER={}",
    "USERNAME": "USERNAME={}",
    "sudo": "SUDO_USER={}",
    "user name": "username: {}",
    "ls": "drwxr-xr-x 2 {} staff 4096 Jan  1 10:00 x",
    "id": "uid=1000({}) gid=1000(x)",
    "whoami": "$ whoami\n{}",
    "prompt": "{}@localhost:~/x$ ls",
    "host prompt": "root@{}:/# ls",
    "zsh prompt": "{}@localhost ~ % ls",
    "fedora prompt": "[root@{} ~]# ls",
    "git bash prompt": "{}@localhost MINGW64 ~/x",
    "ssh": "ssh -p 22 {}@localhost",
    "hostname": "I external/x.cc:9] hostname: {}",
    "cuda diagnostic": "retrieving CUDA diagnostic information for host: {}",
    "HOSTNAME": "HOSTNAME={}",
    "COMPUTERNAME": "COMPUTERNAME={}",
    "uname": "Linux {} 5.15.0-91-generic #101-Ubuntu SMP",
    "syslog": "Nov 21 02:14:03 {} kernel: NVRM: Xid",
    "nccl": "{}:123:456 [0] NCCL INFO Bootstrap",
    "slurm": "JOB 123 ON {} CANCELLED",
    "mail": "{}@example.org",
    "principal": "{}@CORP.EXAMPLE",
    "service": "host/{}.corp.example@CORP.EXAMPLE",
    "directory": r"user: CORP\{}",
    "directory in text": r"access denied for CORP\{} here",
    "USERDOMAIN": "USERDOMAIN={}",
    "SSID": "SSID: {}",
    "traceback": 'File "/data/x/{}/train.py", line 3, in <module>',
}


def named(draw: random.Random) -> Iterator[Planted]:
    """What is known by the word before it or by where it stands."""
    for kind, text in _NAMED.items():
        secret = word(draw, 24 if kind == "slack hook" else 14)
        yield Planted(kind, text.format(secret), (secret,))
    for kind, text in _IDENTITY.items():
        secret = name(draw)
        yield Planted(kind, text.format(secret), (secret,), nowhere=False)


def numbers(draw: random.Random) -> Iterator[Planted]:
    """Addresses, ids, keys."""
    password = word(draw)
    basic = base64.b64encode(f"alice:{password}".encode()).decode()
    yield Planted("basic", f"Authorization: Basic {basic}", (basic, password))
    yield Planted("basic alone", f"https header {basic}", (basic, password))
    body = "\n".join(word(draw, 64) for _ in range(3))
    dashes = "-" * 5
    private = f"{dashes}BEGIN RSA PRIVATE KEY{dashes}\n{body}\n{dashes}END RSA PRIVATE KEY{dashes}"
    yield Planted("private key", private, tuple(body.split("\n")))
    product = "-".join("".join(draw.choice("BCDFGHJKMPQRTVWXY2346789") for _ in range(5)) for _ in range(5))
    yield Planted("product key", product, (product,))
    address = f"{draw.randint(24, 120)}.{draw.randint(1, 250)}.{draw.randint(1, 250)}.{draw.randint(2, 250)}"
    own = {
        "ip": (f"inet {address}/24", address),
        "ip in url": (f"http://{address}:8080/simple", address),
        "ip 6": (f"inet6 fe80::{(part := _hex(draw, 3) + 'a')} scope", f"fe80::{part}"),
        "mac": (f"ether {(mac := ':'.join(_hex(draw, 2) for _ in range(6)))} brd", mac),
        "uuid": (f"GPU-{(one := str(uuid.UUID(int=draw.getrandbits(128))))}", one),
        "serial": (f"Serial Number : {(one := _digits(draw, 13))}", one),
        "license": (f"License ID: {(one := _digits(draw, 9))}", one),
        "container": (f"0::/docker/{(one := 'f' + _hex(draw, 63))}", one),
        "scope": (f"docker-{(one := 'f' + _hex(draw, 63))}.scope", one),
        "windows name": (f"on DESKTOP-{(one := 'A1' + _digits(draw, 5))} ok", f"DESKTOP-{one}"),
        "machine id": (f"Machine ID: {(one := _hex(draw, 31) + '7')}", one),
    }
    for kind, (text, secret) in own.items():
        yield Planted(kind, text, (secret,), nowhere=False)


def all_kinds(seed: int) -> list[Planted]:
    """One of each kind."""
    draw = random.Random(seed)
    return [*of_forms(draw), *named(draw), *numbers(draw)]


def wrapped(text: str, column: int, before: str = "", after: str = "") -> str:
    """``text`` cut into lines of ``column`` characters, as terminals and mail programs do."""
    lines = [text[at : at + column] for at in range(0, len(text), column)]
    return f"{after}\n{before}".join(lines)


#: Places that keep a text as it is, or encode it as programs do.
PLACES: dict[str, Callable[[str], str]] = {
    "alone": str,
    "in a sentence": "before it {} and after".format,
    "in quotes": "'{}'".format,
    "log line": "2025-06-01 10:00:00.123456: W tensorflow/core/x.cc:12] {}".format,
    "absl line": "W0000 00:00:1700000000.123456   12345 gpu_device.cc:2431] {}".format,
    "error": "ValueError: {}".format,
    "first of lines": "{}\nlast".format,
    "middle of lines": "first\n{}\nlast".format,
    "in a bar": "| {} |".format,
    "mail quote": "> {}".format,
    "chinese around": "内容 {} 结束。".format,
    "full stop": "见：{}。".format,
    "json": lambda text: json.dumps({"message": text}),
    "json in json": lambda text: json.dumps({"body": json.dumps({"message": text})}),
    "json ascii": lambda text: json.dumps([f"张三 {text}"]),
    "url": lambda text: f"https://x.example/?q={quote(text, safe='')}",
    "form": lambda text: f"body={quote(text)}&x=1",
    "html": lambda text: f"<pre>{html.escape(text)}</pre>",
    "colours": "\x1b[31m{}\x1b[0m".format,
    "python repr": lambda text: f"env={[text]!r}",
    "docker log": lambda text: json.dumps({"log": text + "\n", "stream": "stderr"}),
}
#: Places that only a token or a word may stand in.
CUT: dict[str, Callable[[str], str]] = {
    "cut at a column": lambda text: wrapped(text, 25),
    "cut early": lambda text: wrapped(text, 9),
    "continued": lambda text: wrapped(text, 12, "  ", "\\"),
    "in a box": lambda text: wrapped(text, 20, "| "),
    "in a quote": lambda text: wrapped(text, 20, "> "),
    "python's strings": lambda text: wrapped(text, 20, '    "', '"'),
    "cut in json": lambda text: json.dumps({"log": wrapped(text, 20)}),
    "file name": "/srv/models/{}.h5".format,
    "folder": "/srv/models/{}/x".format,
    "chinese without blanks": "我的令牌{}不见了".format,
    "full-width colon": "令牌：{}".format,
    "zero width": lambda text: text[:6] + "\u200b" + text[6:],
    "command": "tool --token {} run".format,
    "login": "tool -u alice:{} run".format,
    "remote": "https://{}@git.example/a.git".format,
    "password of a remote": "https://alice:{}@git.example/a.git".format,
    "windows path": "D:\\data\\{}\\x".format,
    "query": "https://x.example/simple?t={}".format,
    "base64": lambda text: base64.b64encode(f"alice:{text}".encode()).decode(),
    "prompt": "alice@localhost:~$ login {}".format,
}


def seen(secret: str, text: str) -> str | None:
    """The form in which ``secret`` stands in ``text``; None: in none."""
    forms = {
        "plain": secret,
        "url": quote(secret, safe=""),
        "html": html.escape(secret),
        "json": json.dumps(secret)[1:-1],
    }
    for offset in range(3):
        whole = base64.b64encode(b"x" * offset + secret.encode()).decode()
        forms[f"base64 {offset}"] = whole[(0, 2, 3)[offset] : len(whole) // 4 * 4 - 4]
    bare = "".join(letter for letter in text.replace("\\n", "") if letter not in "\\\n\r |>\"'\u200b")
    forms = {form: spelled for form, spelled in forms.items() if len(spelled) > 3}
    return next((form for form, spelled in forms.items() if spelled in text or spelled in bare), None)
