"""The answer to "what fits?" → Document: a row per release, newest first."""

from __future__ import annotations

from ..compat import Answer, Gpu, Question, Release, why
from ..tables import dated
from ..words import mark, say
from .document import Document, Heading, Line, Span, Table, Text, joined, line

SYSTEMS = {"linux": "Linux", "wsl": "WSL", "windows": "Windows", "macos": "macOS"}
#: What may be left open, and the option that names it.
OPEN = mark("left open ({option})")


def view(answer: Answer) -> Document:
    """What was asked, the newest release that fits, then each release with yes or no and the reason."""
    title = say("What fits: TensorFlow for {system}", system=_system(answer.question))
    blocks = (
        Heading(title, 1),
        Table(_asked(answer.question)),
        _newest(answer),
        Table(tuple(_row(release, answer.question) for release in answer.releases)),
        Text(line(Span(_closing(answer), "faint"))),
    )
    return Document(title, blocks)


def _system(asked: Question) -> str:
    return f"{SYSTEMS[asked.system]} {asked.architecture}"


def _asked(asked: Question) -> tuple[tuple[Line, Line], ...]:
    gpus = joined(_gpu(gpu) for gpu in asked.gpus)
    told = [
        ("GPU", gpus or (say("any (a driver is named)") if asked.driver else None), "--gpu"),
        (say("driver"), asked.driver, "--driver"),
        ("Python", asked.python, "--python"),
    ]
    if asked.platform.startswith("linux"):
        told.append(("glibc", asked.glibc, "--glibc"))
    return tuple((line(name), _given(value, option)) for name, value, option in told)


def _given(value: str | None, option: str) -> Line:
    return line(value) if value else line(Span(say(OPEN, option=option), "faint"))


def _gpu(gpu: Gpu) -> str:
    compute = say("compute {number}", number=gpu.compute)
    return f"{gpu.name} ({compute})" if gpu.name else compute


def _newest(answer: Answer) -> Heading:
    if answer.newest is None:
        return Heading(say("No release fits"), 2, "blocked")
    version = answer.newest.row["version"]
    if answer.question.wants_gpu:
        return Heading(say("The newest release that fits: {version}", version=version), 2, "ok")
    sentence = say("The newest release that fits: {version}, on the processor", version=version)
    return Heading(sentence, 2, "ok", say("no GPU was asked for"))


def _row(release: Release, asked: Question) -> tuple[Line, Line, Line]:
    version = Span(release.row["version"], "strong" if release.misfit is None else "plain")
    if release.misfit is not None:
        return line(version), line(Span(say("no"), "faint")), line(Span(why(release.misfit), "faint"))
    parts = joined(_build(release, asked))
    return line(version), line(Span(say("yes"), "strong")), line(Span(_how(release), "warn"), parts)


def _how(release: Release) -> str:
    """What is to be known of a release that runs, but not with machine code of its own throughout."""
    found = release.support
    if found is None or found.reason is None:
        return ""
    if found.share:
        native, kernels = found.share.split("/")
        sentence = say(
            "machine code for {code} in {native} of {kernels} kernels, the others are compiled at first use",
            native=native, kernels=kernels, code=found.code,
        )  # fmt: skip
    else:
        sentence = say("no machine code for this GPU: {code} is compiled at first use", code=found.code)
    return sentence + say("; ")


def _build(release: Release, asked: Question) -> list[str]:
    """What else it asks for, as far as that was left open, and its CUDA."""
    row = release.row
    return [
        "" if asked.python or not row["python"] else f"Python {row['python']}",
        f"CUDA {row['cuda']}" if row["cuda"] and asked.wants_gpu else "",
        f"cuDNN {row['cudnn']}" if row["cudnn"] and asked.wants_gpu else "",
        "" if asked.driver or not release.driver else say("driver from {version}", version=release.driver),
    ]


def _closing(answer: Answer) -> str:
    number = len(answer.releases)
    return say(
        "Final releases: {number}. What came out after {dated} is not among them.",
        number=number,
        dated=dated(),
    )
