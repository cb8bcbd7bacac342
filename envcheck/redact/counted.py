"""What was hidden, in words: how many different values of each kind."""

from __future__ import annotations

from ..words import mark, say
from .step import Book

#: Kind → one of it, and several.
_NAMES = {
    "private-key": (mark("{number} private key"), mark("{number} private keys")),
    "credentials": (mark("{number} login"), mark("{number} logins")),
    "token": (mark("{number} token"), mark("{number} tokens")),
    "secret": (mark("{number} password or key"), mark("{number} passwords or keys")),
    "license": (mark("{number} license"), mark("{number} licenses")),
    "home": (mark("{number} home folder"), mark("{number} home folders")),
    "project": (mark("{number} project folder"), mark("{number} project folders")),
    "user": (mark("{number} user name"), mark("{number} user names")),
    "host": (mark("{number} machine name"), mark("{number} machine names")),
    "domain": (mark("{number} domain"), mark("{number} domains")),
    "principal": (mark("{number} directory name"), mark("{number} directory names")),
    "email": (mark("{number} e-mail address"), mark("{number} e-mail addresses")),
    "ip": (mark("{number} IP address"), mark("{number} IP addresses")),
    "mac": (mark("{number} MAC address"), mark("{number} MAC addresses")),
    "uuid": (mark("{number} UUID"), mark("{number} UUIDs")),
    "serial": (mark("{number} serial number"), mark("{number} serial numbers")),
    "ssid": (mark("{number} wireless network"), mark("{number} wireless networks")),
    "ssh-key": (mark("{number} SSH key"), mark("{number} SSH keys")),
    "container": (mark("{number} container id"), mark("{number} container ids")),
    "variable": (mark("{number} environment variable"), mark("{number} environment variables")),
}


def sentence(book: Book) -> str:
    """One line: "hidden: 3 user names, 2 tokens"."""
    counted = book.counted()
    parts = [
        say(several if counted[kind] > 1 else one, number=counted[kind])
        for kind, (one, several) in _NAMES.items()
        if kind in counted
    ]
    if not parts:
        return say("nothing had to be hidden")
    return say("hidden: {what}", what=say(", ").join(parts))
