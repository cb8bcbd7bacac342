"""``envcheck explain -- python train.py``: the command, and where it fails, what its log says.

The command owns standard output and the exit code; the explanation goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing, redirect_stdout

from .. import watch_command
from ..model import Target, Wrong
from ..render import output
from ..words import say
from .out import Out

#: Explains a log that was written here, under the interpreter in question; None: no Python is here.
Explain = Callable[[str, "Target | None"], None]


def of_command(argv: Sequence[str], timeout: float | None, out: Out, explain: Explain) -> int:
    """Run ``argv``; where it fails, let ``explain`` put what there is to say of its log."""
    ended = watch_command.run(argv, timeout)
    if ended.how == "not started":
        output.to_stderr(f"envcheck: {ended.said}\n")
    elif ended.code:
        output.to_stderr(f"\nenvcheck: {_how(ended, timeout)}\n")
        _explained(ended.log, argv, out, explain)
    return ended.code


def _explained(log: str, argv: Sequence[str], out: Out, explain: Explain) -> None:
    """What cannot be explained, or not be written, is said; the code is the command's all the same."""
    target = _target(argv)
    if target:
        sentence = say(
            "the Python in question: {python} ({reason})", python=target.python, reason=say(target.chosen)
        )
        output.to_stderr(f"envcheck: {sentence}\n")
    try:
        with redirect_stdout(sys.stdout if out.file else sys.stderr):
            explain(log, target)
    except Wrong as wrong:
        output.to_stderr(f"envcheck: {wrong}\n")


def _target(argv: Sequence[str]) -> Target | None:
    from .. import command_python
    from ..host import Host
    from ..host.live import Live

    with closing(Host(Live(Target("", "")), Target("", ""))) as host:
        try:
            return command_python.target(argv, host)
        except Wrong:
            return None


def _how(ended: watch_command.Ended, timeout: float | None) -> str:
    if ended.how == "timeout":
        return say("the command was ended after {seconds} s", seconds=f"{timeout or 0:g}")
    if ended.how == "signal":
        return say("the command ended with: {what}", what=ended.said)
    return say("the command ended with exit code {code}", code=ended.code)
