"""The end of a run: one place for every exit code. Which there are stands in DESIGN.md §7."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from .. import interrupts, words
from ..model import Wrong
from ..render import output
from ..usage import Group, complaint
from ..words import say

WRONG, BUG, INTERRUPTED = 2, 70, 130
#: click writes the help text itself; these are what a full disk or a closed stream makes of that.
NOT_WRITTEN = (errno.ENOSPC, errno.EIO)


class Envcheck(Group):
    """``envcheck``, of which ``check`` is the default command."""

    default = "check"

    def main(self, args: Any = None, **extra: Any) -> Any:  # type: ignore[override,unused-ignore]
        """Run one command and exit with its code."""
        args = list(sys.argv[1:] if args is None else args)
        words.use(words.preferred(os.environ))
        extra["standalone_mode"] = False
        sys.exit(
            _code(lambda: super(Envcheck, self).main(args, **extra), bool({"-v", "--verbose"} & {*args}))
        )


def _code(run: Callable[[], Any], verbose: bool) -> int:
    """What ``run`` returns; or the code of the exception that it ends with, said in one sentence."""
    try:
        with interrupts.raised():
            return int(run() or 0)
    except Wrong as wrong:
        return _complain(str(wrong), WRONG)
    except click.ClickException as error:
        return _complain(complaint(error), WRONG)
    except (interrupts.Interrupted, KeyboardInterrupt, click.Abort):
        return _complain(say("interrupted"), INTERRUPTED)
    except OSError as error:
        if error.errno not in NOT_WRITTEN:
            return _complain(_bug(error, verbose), BUG)
        output.silence(sys.stdout)
        return _complain(
            say("cannot write to standard output: {error}", error=error.strerror or error), WRONG
        )
    except Exception as error:
        return _complain(_bug(error, verbose), BUG)


def _complain(sentence: str, code: int) -> int:
    output.to_stderr(f"envcheck: {sentence}\n")
    return code


def _bug(error: Exception, verbose: bool) -> str:
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error} ({os.path.basename(frame.filename)}:{frame.lineno})"
    sentence = say("this is a bug in envcheck: {what}.", what=what)
    if verbose:
        return "\n".join([sentence, *traceback.format_exception(type(error), error, error.__traceback__)])
    return sentence + " " + say("Please report it, with what the same command says with -v.")
