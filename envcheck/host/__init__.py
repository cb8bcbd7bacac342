"""The one door to the machine, live or recorded.

A probe asks a :class:`Host`. Each question is answered once and remembered: the memory is what
``--record`` writes, and what was asked while a fact was worked out is that fact's source.
``None`` means "looked, and it is not there"; what cannot be told raises :class:`NoAnswer`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, cast

from ..model import NoAnswer, Target, Value

#: Inside :class:`Host` the word ``list`` is a verb.
Names = list[str]


#: What a child's answers are called where a fact's source is told.
CHILDREN = {
    "nvml": "NVML",
    "libcuda": "libcuda",
    "cpuinfo": "py-cpuinfo",
    "inventory": "the examined Python",
    "libraries": "the loader of the examined Python",
    "train": "TensorFlow itself",
    "demands": "what the file asks for",
}


class Answers(Protocol):
    """Where the answers come from: the live machine or a recording."""

    def answer(self, verb: str, key: str, *args: Value) -> Value:
        """Answer one question or raise :class:`NoAnswer`."""

    def start(self, name: str, args: dict[str, Value]) -> None:
        """Begin a child that will be asked for later."""

    def start_run(self, argv: list[str]) -> None:
        """Begin a command that will be asked for later."""

    def release(self, name: str, words: dict[str, Value]) -> None:
        """Give a waiting child the parent's word to go on."""

    def close(self) -> None:
        """End everything that still runs."""

    def within(self, seconds: float) -> None:
        """Let all that follows take so many seconds together."""


class Host:
    """Asks ``answers``, remembers each answer, and notes what was asked."""

    def __init__(self, answers: Answers, target: Target) -> None:
        self._answers = answers
        self.target = target
        self.memory_of_answers: dict[str, dict[str, Value]] = {}
        self._notes: list[list[str]] = []
        self._child_args: dict[str, list[Value]] = {}

    def _ask(self, verb: str, key: str, source: str, *args: Value) -> Value:
        if source and self._notes and source not in self._notes[-1]:
            self._notes[-1].append(source)
        answers = self.memory_of_answers.setdefault(verb, {})
        if key not in answers:
            try:
                answers[key] = self._answers.answer(verb, key, *args)
            except NoAnswer as no:
                answers[key] = no
        answer = answers[key]
        if isinstance(answer, NoAnswer):
            raise NoAnswer(answer.kind, answer.sentence, **answer.values)
        return answer

    @contextmanager
    def noting(self) -> Iterator[list[str]]:
        """Collect the sources of what is asked inside the ``with`` block."""
        notes: list[str] = []
        self._notes.append(notes)
        try:
            yield notes
        finally:
            self._notes.pop()

    @property
    def system(self) -> str:
        """``Linux``, ``Windows`` or ``Darwin``."""
        return str(self._ask("identity", "", "")["system"])

    def identity(self) -> dict[str, Value]:
        """system, release, version, machine, cpus, uid, gids, user, node, home, encoding, tmp, cwd."""
        return cast("dict[str, Value]", self._ask("identity", "", "uname"))

    def read(self, path: str, binary: bool = False) -> str | None:
        """A file's text (its first MiB), UTF-8 with replacement; ``binary``: one character per byte."""
        verb = "read-binary" if binary else "read"
        return cast("str | None", self._ask(verb, path, path))

    def list(self, path: str) -> Names | None:
        """The sorted names in a folder."""
        return cast("Names | None", self._ask("list", path, path))

    def stat(self, path: str) -> dict[str, Value] | None:
        """type, mode, uid, gid, size, major, minor, access (of this user), link, real."""
        return cast("dict[str, Value] | None", self._ask("stat", path, path))

    def glob(self, pattern: str) -> Names:
        """The sorted paths that match; ``**`` is allowed."""
        return cast("Names", self._ask("glob", pattern, pattern))

    def env(self, name: str) -> str | None:
        """An environment variable. Only what is asked for is ever recorded."""
        return cast("str | None", self._ask("env", name, "$" + name))

    def run(self, argv: Sequence[str], timeout: float = 10) -> dict[str, Value] | None:
        """Run a command (never a shell): ``{"code", "out", "err"}``; None: no such command."""
        line = shlex.join(argv)
        return cast("dict[str, Value] | None", self._ask("run", line, line, list(argv), timeout))

    def registry(self, key: str, value: str) -> Value:
        """A value of the Windows registry: text, number or None."""
        return self._ask("registry", key + "|" + value, key + "\\" + value, key, value)

    def memory(self) -> dict[str, Value]:
        """``total_mb`` and ``available_mb`` of RAM."""
        return cast("dict[str, Value]", self._ask("memory", "", "memory"))

    def disk(self, path: str) -> dict[str, Value] | None:
        """``total_mb`` and ``free_mb`` of the disk that holds ``path`` (or will hold it)."""
        return cast("dict[str, Value] | None", self._ask("disk", path, "disk of " + path))

    def child(self, name: str, **args: Value) -> dict[str, Value]:
        """Run ``inside/<name>.py`` to its end and return its events, log and end.

        The first set of arguments that a child is asked with is recorded under its name, the
        next under ``name 2`` and so on: arguments hold paths, which a recording changes.
        """
        seen = self._child_args.setdefault(name, [])
        if args not in seen:
            seen.append(args)
        number = seen.index(args) + 1
        key = name if number == 1 else f"{name} {number}"
        return cast("dict[str, Value]", self._ask("child", key, CHILDREN[name], name, args))

    def start(self, name: str, **args: Value) -> None:
        """Start a child; :meth:`child` with the same arguments will wait for it."""
        self._answers.start(name, args)

    def start_run(self, argv: Sequence[str]) -> None:
        """Start a command; :meth:`run` with the same arguments will wait for it."""
        if shlex.join(argv) not in self.memory_of_answers.get("run", {}):
            self._answers.start_run(list(argv))

    def release(self, name: str, **words: Value) -> None:
        """Tell a child that waits for the parent's word to go on."""
        self._answers.release(name, words)

    def within(self, seconds: float) -> None:
        """Let all that follows take so many seconds together; what takes longer has no answer."""
        self._answers.within(seconds)

    def close(self) -> None:
        """End every child and command that still runs."""
        self._answers.close()
