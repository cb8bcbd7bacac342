"""``envcheck rules``: what envcheck knows."""

from __future__ import annotations

from typing import Any

import click

from .. import compat as compat_
from ..model import RULE_LAYERS
from ..render import output
from ..usage import Command, Group, OneOf, Version
from ..words import mark
from .options import answers, option
from .out import Out


class Rules(Group):
    """``envcheck rules``, of which ``list`` is the default command."""

    default = "list"


@click.group(
    "rules", cls=Rules, help=mark("What envcheck knows: the causes, and which TensorFlow fits what.")
)
def command() -> None:
    """The rules and the tables."""


@command.command("list", cls=Command, help=mark("List the causes that envcheck knows."))
@option("--layer", type=OneOf(RULE_LAYERS), metavar="LAYER", help=mark("Only the causes of this layer."))
@answers
def list_(format: str, file: str | None, lang: str | None, layer: str | None) -> int:
    """The rules as a list."""
    from .. import rulebook
    from ..render import data
    from ..views import rules as views

    if file:
        output.check_writable(file)
    found = [rule for rule in rulebook.load() if layer in (None, rule.layer)]
    Out(format, file, lang).put(lambda: views.view(found), lambda: data.rules(found))
    return 0


@command.command(
    cls=Command, help=mark("Which TensorFlow releases fit what you name. No machine is examined.")
)
@option("--os", type=OneOf(compat_.SYSTEMS), default="linux", metavar="OS",
    help=mark("The system: linux (which is meant unless you say otherwise), wsl, windows or macos."),
)  # fmt: skip
@option("--arch", type=OneOf(compat_.ARCHITECTURES), metavar="ARCH",
    help=mark("The processor: x86_64, or aarch64 (arm64 is the same)."),
)  # fmt: skip
@option("--python", type=Version("3.12", 2), metavar="VERSION", help=mark("The version of Python."))
@option("--gpu", "gpus", multiple=True, metavar="GPU",
    help=mark("A GPU that it must run on: name, PCI id or compute capability. May be given more than once."),
)  # fmt: skip
@option("--driver", type=Version("550.54.14"), metavar="VERSION", help=mark("The NVIDIA driver's version."))
@option("--glibc", type=Version("2.35", 2), metavar="VERSION", help=mark("The version of glibc."))
@answers
def compat(format: str, file: str | None, lang: str | None, **asked: Any) -> int:
    """What fits, by the tables."""
    from ..render import data
    from ..views import compat as views

    if file:
        output.check_writable(file)
    found = compat_.answer(compat_.question(**asked))
    Out(format, file, lang).put(lambda: views.view(found), lambda: data.compat(found))
    return 0
