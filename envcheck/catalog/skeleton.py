"""``make new-rule``: a commented rule file to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..model import RULE_LAYERS, Wrong

SKELETON = """\
# What is: one sentence that a beginner understands. Every key: docs/adding-a-rule.md
title    = ""
title_zh = ""
severity = "blocking"             # blocking | degraded | notice
# needs    = "gpu"                # counts as a notice where no GPU is wanted
# explains = []                   # causes that need no entry of their own when this one fires
# symptom_of = []                 # layers or causes that explain this one
# What it means: why this happens.
why      = ""
why_zh   = ""
links    = []

[[when]]                          # lines in a block: all; several blocks: any
# driver.version = {{ below = {{ fact = "tensorflow.min_driver" }} }}
# log = 'text that only this cause prints'

[[fix]]                           # the first that applies is the fix
# on    = {{ platform.distro = "ubuntu" }}
do    = ""
do_zh = ""
# packages = ["numpy<2"]          # "-name" removes one
run   = []
scope = "system"                  # environment | user | system | reboot | manual
verify = []

# Examples stand last. They are the tests of this rule ({cause}): two of each kind or more. A log among
# them is a real one: with the lines that stand beside the telling one.
[[example]]
fires = true

[[example]]
fires = true

[[example]]
fires = false

[[example]]
fires = false
"""


def write(cause: str, rules: Path) -> Path:
    """Write the skeleton for ``layer/slug`` below ``rules``. Raises :class:`Wrong` for a bad name."""
    layer, _, slug = cause.partition("/")
    if layer not in RULE_LAYERS or not slug or not all(c.isalnum() or c == "-" for c in slug):
        raise Wrong(f"CAUSE is <layer>/<cause>, the layer one of {', '.join(RULE_LAYERS)}; not {cause!r}")
    path = rules / layer / f"{slug}.toml"
    if path.exists():
        raise Wrong(f"{path} is there already")
    path.parent.mkdir(exist_ok=True)
    path.write_text(SKELETON.format(cause=slug), "utf-8")
    return path


def main(arguments: Sequence[str]) -> None:
    """``new-rule LAYER/CAUSE``: write the skeleton and say where."""
    rules = Path(__file__).parents[2] / "rules"
    print(write(arguments[0] if arguments else "", rules))
