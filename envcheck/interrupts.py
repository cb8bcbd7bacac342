"""Ctrl-C, and whoever else wants us to end: an exception, but never between a child's start and its entry.

A program that was started and not yet written down anywhere would outlive us. So what must be done
whole is done ``with undisturbed():``, and a signal that arrives meanwhile counts right afterwards.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(BaseException):
    """Somebody wants us to end. No KeyboardInterrupt: click would make an Abort and a line of it."""


class _Now:
    """Signals come to the main thread alone, and so does all that must not be disturbed."""

    depth = 0
    waiting = False


@contextmanager
def raised() -> Iterator[None]:
    """Raise :class:`Interrupted` for Ctrl-C, and for who ends us with SIGTERM or hangs up, all the same."""
    before = {}
    with suppress(ValueError):  # not the main thread: there nothing can be set
        for name in SIGNALS:
            if hasattr(signal, name):
                before[name] = signal.signal(getattr(signal, name), _on_signal)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _on_signal(*_: Any) -> None:
    if _Now.depth:
        _Now.waiting = True
    else:
        raise Interrupted


@contextmanager
def undisturbed() -> Iterator[None]:
    """Do what stands inside whole; a signal that arrived meanwhile is raised at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Now.depth += 1
    try:
        yield
    finally:
        _Now.depth -= 1
        if _Now.waiting and not _Now.depth:
            _Now.waiting = False
            raise Interrupted
