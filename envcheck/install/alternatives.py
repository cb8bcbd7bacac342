"""What would have to change for a TensorFlow, or a newer one, to fit: the smallest change first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .. import tables
from ..model import Facts, Finding, Fix, Rule, Scope, Text
from ..operators import below, dotted
from ..tables.files import Row
from . import after
from .machine import Machine, candidates, minor, misfit, newest, pythons, value
from .model import Alternative
from .packages import TENSORFLOWS
from .tables import size, text
from .wishes import Wishes, name_of

#: Other rules whose fixes lead to a GPU that computes, where TensorFlow alone does not: rule → package.
APPLE_GPU = "tensorflow-metal"


def alternatives(
    facts: Facts, machine: Machine, wishes: Wishes, row: Row | None, rules: Sequence[Rule]
) -> tuple[Alternative, ...]:
    """Ways to a release newer than ``row`` (None: to any), each with its price."""
    found = [
        *_other_release(machine, wishes, row),
        *_another_python(machine, wishes, row),
        *_fewer_gpus(machine, wishes, row),
        *_newer_driver(facts, machine, wishes, row, rules),
        *_newer_system(machine, wishes, row),
        *_by_rules(facts, machine, wishes, row, rules),
        *_apple_gpu(facts, wishes, rules),
        *_cpu_only(machine, wishes, row),
    ]
    return tuple(found)


def _is_newer(other: Row | None, row: Row | None) -> bool:
    return other is not None and (row is None or bool(below(row["version"], other["version"])))


def _say(key: str, scope: Scope, *commands: str, **values: object) -> Alternative:
    return Alternative(text(key, "do", **values), text(key, "price"), scope, commands)


def _install(wishes: Wishes, *options: str) -> str:
    """The command that plans the same with other options."""
    kept = [f'--wanted "{each}"' for each in wishes.wanted]
    kept += [f"--python-version {wishes.python_version}"] if wishes.python_version else []
    names = [option.split()[0] for option in options]
    return " ".join(["envcheck install", *(k for k in kept if k.split()[0] not in names), *options])


def _other_release(machine: Machine, wishes: Wishes, row: Row | None) -> Iterator[Alternative]:
    other = newest(machine) if wishes.tensorflow and row is None else None
    if other is not None:
        command = _install(wishes, f'--wanted "tensorflow=={other["version"]}"')
        yield _say(
            "other_release", "environment", command, release=other["version"], wanted=wishes.tensorflow
        )


def _another_python(machine: Machine, wishes: Wishes, row: Row | None) -> Iterator[Alternative]:
    best: tuple[Row, str] | None = None
    for python in pythons(machine):
        other = newest(machine._replace(python=python), wishes.tensorflow)
        if other is not None and _is_newer(other, row) and (best is None or _is_newer(other, best[0])):
            best = other, python
    if best is not None and best[1] != minor(machine.python):
        command = _install(wishes, f"--python-version {best[1]}")
        yield _say("another_python", "environment", command, release=best[0]["version"], python=best[1])


def _fewer_gpus(machine: Machine, wishes: Wishes, row: Row | None) -> Iterator[Alternative]:
    known = [each for each in machine.compute if each]
    best = max(known, key=dotted, default=None)
    other = newest(machine._replace(compute=(best,)), wishes.tensorflow) if len(set(known)) > 1 else None
    if other is not None and _is_newer(other, row):
        least = min((each for each in known if tables.support(other, each).runs != "no"), key=dotted)
        command = _install(wishes, f'--wanted "tensorflow=={other["version"]}"')
        yield _say("fewer_gpus", "user", command, release=other["version"], compute=least)


def _newer_driver(
    facts: Facts, machine: Machine, wishes: Wishes, row: Row | None, rules: Sequence[Rule]
) -> Iterator[Alternative]:
    """With the words of the rule that would find the driver too old for the newer release."""
    other = newest(machine._replace(driver=None), wishes.tensorflow) if machine.compute else None
    if other is None or machine.driver is None or not _is_newer(other, row):
        return
    needed = tables.driver_for(other, machine.compute, machine.windows)
    branch = value(facts, "driver.newest_branch")
    if not needed or (branch and dotted(str(branch))[:1] < dotted(needed)[:1]):
        return
    fix = _fix(rules, after.after(facts, machine, other), "driver-too-old")
    plain = _say("newer_driver", "system", driver=needed, release=other["version"])
    scope: Scope = fix.scope if fix and fix.scope != "environment" else "system"
    yield Alternative(plain.do, plain.price, scope, fix.run if fix else ())


def _fix(rules: Iterable[Rule], facts: Facts, cause: str) -> Fix | None:
    for finding in after.findings(rules, facts):
        if finding.rule.cause == cause and finding.fixes:
            return finding.fixes[0]
    return None


def _newer_system(machine: Machine, wishes: Wishes, row: Row | None) -> Iterator[Alternative]:
    other = newest(machine._replace(glibc=None), wishes.tensorflow)
    if other is not None and machine.glibc and _is_newer(other, row):
        yield _say("newer_system", "manual", glibc=other["glibc"], release=other["version"])


def _cpu_only(machine: Machine, wishes: Wishes, row: Row | None) -> Iterator[Alternative]:
    other = newest(machine._replace(compute=()), wishes.tensorflow)
    if machine.compute and row is None and other is not None:
        command = _install(wishes, "--cpu")
        yield _say("cpu_only", "environment", command, release=other["version"])


# --- what the rules know ------------------------------------------------------------------------


def _by_rules(
    facts: Facts, machine: Machine, wishes: Wishes, row: Row | None, rules: Sequence[Rule]
) -> Iterator[Alternative]:
    """WSL2, a container, another machine: the fixes for a GPU that no release for this system uses."""
    other = newest(machine._replace(compute=(), driver=None), wishes.tensorflow)
    other = other or next(candidates(machine, wishes.tensorflow), None)
    if not machine.compute or other is None or not _is_newer(other, row):
        return
    some = row or newest(machine._replace(python=None, driver=None, glibc=None), wishes.tensorflow)
    if some is not None and value(facts, "platform.system") != "Windows":
        return  # another Python or driver will do
    for finding in after.findings(rules, after.after(facts, machine, other)):
        if finding.rule.layer in ("platform", "hardware") and finding.severity == "blocking":
            yield from of(finding)


def of(finding: Finding) -> Iterator[Alternative]:
    """The fixes that change more than packages; prose alone only where there is nothing to run."""
    fixes = [fix for fix in finding.fixes if not fix.packages]
    for fix in [fix for fix in fixes if fix.run] or fixes[:1]:
        yield Alternative(fix.do, text(f"price_{fix.scope}", "price"), fix.scope, fix.run)


def _apple_gpu(facts: Facts, wishes: Wishes, rules: Iterable[Rule]) -> Iterator[Alternative]:
    """Apple's plug-in, where there is one and it was not asked for."""
    apple = (value(facts, "platform.system"), value(facts, "platform.architecture")) == ("Darwin", "arm64")
    if not apple or wishes.cpu or any(name_of(other) == APPLE_GPU for other in wishes.others):
        return
    for rule in rules:
        for fix in rule.fixes:
            if {name_of(p) for p in fix.packages} >= {TENSORFLOWS[0], APPLE_GPU}:
                price = text("other_release", "price")
                command = f"envcheck install --wanted {APPLE_GPU}"
                yield Alternative(fix.do, price, "environment", (command,))
                return


def for_room(
    machine: Machine, kind: str, needed: float, free: float, wishes: Wishes
) -> tuple[Alternative, ...]:
    """What helps where the disk is too small."""
    found = [_room("more_room", (), missing=round(needed - free))]
    other = newest(machine._replace(compute=()), wishes.tensorflow) if kind == "and-cuda" else None
    if other is not None and machine.platform:
        small = size(other["version"], machine.platform, "cpu").disk_mb
        if small and small < free:
            found.append(_room("cpu_is_smaller", (_install(wishes, "--cpu"),), needed=round(small)))
    return tuple(found)


def _room(key: str, commands: tuple[str, ...], **values: float) -> Alternative:
    return Alternative(text(key, "do", **values), text(key, "price"), "user", commands)


def why_not(machine: Machine, facts: Facts, wishes: Wishes) -> Text:
    """Why no release fits, by the newest that is wanted."""
    if machine.platform is None:
        system, architecture = value(facts, "platform.system"), value(facts, "platform.architecture")
        if not system:
            return text("no_system", "why")
        return text("no_wheels", "why", system=system, architecture=architecture)
    row = next(candidates(machine, wishes.tensorflow), None)
    if row is None:
        newer = next(candidates(machine), None)
        return text("no_release", "why", wanted=wishes.tensorflow, newest=newer["version"] if newer else "–")
    reason = misfit(row, machine)
    return _no_fit(row, reason)


def _no_fit(row: Row, reason: tables.Misfit | None) -> Text:
    from ..words import pick, say

    if reason is None:
        return text("no_fit", "why", release=row["version"], reason="–")
    english = text("no_fit", "why", release=row["version"], reason=reason.why)
    chinese = text("no_fit", "why", release=row["version"], reason=say(pick(reason.text), **reason.values))
    return Text(english.en, chinese.zh)
