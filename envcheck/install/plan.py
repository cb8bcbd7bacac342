"""Facts and wishes → the plan: the newest TensorFlow that fits, and every step to it with its reason.

Pure: nothing is asked of the machine beyond its facts, and nothing happens. What is known of packages
comes from the rules' fixes and the tables; what is said stands in ``steps.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .. import rulebook
from ..model import RULE_LAYERS, Facts, Finding, Fix, Rule, Target, Text
from ..operators import below
from ..tables import driver_for, support
from ..tables.files import Row
from ..words import language
from . import after
from . import alternatives as others
from .commands import Installer, line
from .machine import Machine, machine, minor, newest, value
from .model import Plan, Step
from .packages import TENSORFLOWS, Packages, companion, packages
from .place import Place, place
from .tables import mirror, mirrors, size, text
from .wishes import Wishes, name_of

#: The facts that a plan rests on.
RESTS_ON = (
    "platform.system", "platform.distro", "platform.distro_version", "platform.architecture", "platform.wsl",
    "platform.container", "platform.glibc", "platform.disks", "hardware.gpus", "driver.version",
    "driver.newest_branch", "python.version", "python.environment", "python.prefix", "python.pip",
    "python.externally_managed", "tensorflow.version", "wanted.gpu",
)  # fmt: skip
#: Layers in which a cause may lie why a machine shows no GPU.
_WITHOUT_GPU = ("platform", "hardware", "driver")
#: Room beside the packages themselves, in MiB: pip's own and bytecode.
SPARE_MB = 200


def plan(
    facts: Facts, target: Target, wishes: Wishes, created: str = "", rules: Sequence[Rule] | None = None
) -> Plan:
    """The plan for the machine of ``facts``. Raises ``Wrong`` for wishes that mean nothing."""
    rules = rulebook.load() if rules is None else rules
    found = machine(facts, target, wishes)
    plain = Plan(target, _rests_on(facts), None, mirror=mirror(wishes.mirror), created=created)
    unfit = after.wrong_python(facts, found, rules)
    if unfit is not None:
        return plain._replace(alternatives=tuple(others.of(unfit)), why_not=_reason(unfit))
    row = _chosen(facts, found, wishes, rules)
    if row is None:
        ways = others.alternatives(facts, found, wishes, None, rules)
        return plain._replace(alternatives=ways, why_not=others.why_not(found, facts, wishes))
    return _planned(plain, facts, found, row, wishes, rules)


def _rests_on(facts: Facts) -> Facts:
    return {name: fact for name in RESTS_ON if (fact := facts.get(name)) is not None}


def _chosen(facts: Facts, found: Machine, wishes: Wishes, rules: Sequence[Rule]) -> Row | None:
    """The newest release that fits; where only the driver stands against it, the newest without it."""
    pair = companion(wishes, rules)
    pinned = next((p.removeprefix("tensorflow") for p in pair if name_of(p) == "tensorflow"), "")
    specifier = ",".join(filter(None, (wishes.tensorflow, pinned)))
    row = newest(found, specifier)
    if row is None and found.driver:
        row = newest(found._replace(driver=None), specifier)
        row = row if row and _driver_can_be(row, facts, found) else None
    return row


def _driver_can_be(row: Row, facts: Facts, found: Machine) -> bool:
    """Whether a driver new enough exists for the oldest GPU here."""
    branch, needed = value(facts, "driver.newest_branch"), driver_for(row, found.compute, found.windows)
    return not (branch and needed and below(str(branch), needed.split(".")[0]))


def _planned(
    plain: Plan, facts: Facts, found: Machine, row: Row, wishes: Wishes, rules: Sequence[Rule]
) -> Plan:
    where = place(facts, plain.target, found, wishes)
    what = packages(facts, found, row, wishes, rules)
    first, known = _before(what.left)
    install = _install(plain, facts, found, row, wishes, where, what)
    windows = value(facts, "platform.system") == "Windows"
    check = _check(where, windows)
    steps = (*first, *where.steps, *_newer_pip(facts, where, row, plain), install, *check)
    jit = _compiled_at_first_use(found, row)
    made = plain._replace(
        release=row["version"],
        packages=what.wanted,
        python=where.python,
        into=where.into,
        interpreter=where.interpreter,
        tool=where.tool,
        steps=steps,
        alternatives=others.alternatives(facts, found, wishes, row, rules),
        free_mb=_free_mb(facts, where, wishes),
        notes=(*known, *jit, *_notes(facts, where, plain)),
    )
    return _with_room(made, found, what.kind, wishes)


# --- steps before the environment ----------------------------------------------------------------


def _before(left: Iterable[Finding]) -> tuple[tuple[Step, ...], tuple[Text, ...]]:
    """What blocks the future environment is to be mended first, from the lowest layer up."""
    worst = [finding for finding in left if finding.severity == "blocking"]
    worst.sort(key=lambda finding: RULE_LAYERS.index(finding.rule.layer))
    steps = [step for finding in worst for step in _mended(finding)]
    # The room there is the plan itself reckons with.
    worse = [each for each in left if each.severity == "degraded" and each.rule.cause != "disk-full"]
    titles = [each.rule.title for each in worse]
    notes = [note("degraded", title=title) for title in titles]
    # Where no GPU is wanted, what keeps one from being seen is a notice.
    unseen = [each for each in left if each.severity == "notice" and each.rule.layer in _WITHOUT_GPU]
    return tuple(steps), (*notes, *(note("without_gpu", title=each.rule.title) for each in unseen))


def note(key: str, part: str = "note", **values: Text) -> Text:
    """A sentence of steps.toml with texts in its places, each language with its own."""
    english = text(key, part, **{name: each.en for name, each in values.items()})
    chinese = text(key, part, **{name: each.zh or each.en for name, each in values.items()})
    return Text(english.en, chinese.zh)


def _mended(finding: Finding) -> Iterator[Step]:
    """The first fix that does not choose another TensorFlow: that is what the plan itself does."""
    fixes = [fix for fix in finding.fixes if not _chooses(fix)]
    for fix in fixes[:1]:
        scope = "user" if fix.scope == "environment" else fix.scope
        yield Step(fix.do, _reason(finding), scope, verify=fix.verify if fix.run else (), lines=fix.run)


def _reason(finding: Finding) -> Text:
    title, why = finding.rule.title, finding.rule.why
    return Text(f"{title.en}. {why.en}", f"{title.zh}。{why.zh}" if title.zh and why.zh else None)


def _chooses(fix: Fix) -> bool:
    return any(name_of(package) in TENSORFLOWS for package in fix.packages)


# --- the environment's own steps -----------------------------------------------------------------


def _newer_pip(facts: Facts, where: Place, row: Row, plain: Plan) -> tuple[Step, ...]:
    """A venv gets the pip that its Python brings along: that of the examined one, as far as is known."""
    pip, needed = value(facts, "python.pip"), row["pip"]
    if where.tool != "pip" or not pip or not needed or not below(pip, needed):
        return ()
    commands = Installer("pip", where.interpreter, plain.mirror).install([f"pip>={needed}"], "--upgrade")
    shown = {"pip": needed, "release": row["version"]}
    return (Step(text("pip", "do", **shown), text("pip", "why", **shown), "environment", _tuples(commands)),)


def _install(
    plain: Plan, facts: Facts, found: Machine, row: Row, wishes: Wishes, where: Place, what: Packages
) -> Step:
    commands = Installer(where.tool, where.interpreter, plain.mirror).install(what.wanted)
    takes = size(row["version"], str(found.platform), what.kind)
    do, why = _what(found, row, wishes, what)
    return Step(do, why, "environment", _tuples(commands), (), takes.download_mb, takes.disk_mb)


def _what(found: Machine, row: Row, wishes: Wishes, what: Packages) -> tuple[Text, Text]:
    pair = [each for each in what.wanted[1:] if name_of(each) in map(name_of, wishes.others) and "==" in each]
    key = "gpu" if what.kind == "and-cuda" else "gpu_without_cuda" if found.compute else "cpu"
    key = "companion" if pair else key
    compute = ", ".join(sorted({each for each in found.compute if each})) or "?"
    shown = {"release": row["version"], "compute": compute, "cuda": row["cuda"], "cudnn": row["cudnn"]}
    shown["companion"] = ", ".join(pair)
    why = [text(key, "why", **shown)]
    why += [text("wanted", "why", wanted=wishes.tensorflow)] if wishes.tensorflow else []
    why += [note("one_by_one", "why", reason=what.one_by_one)] if what.one_by_one else []
    why += [note("pin", "why", package=Text(package), reason=title) for package, title in what.pins]
    why += [text("wish", "why", package=each) for each in wishes.others if each not in pair]
    return text(key, "do", **shown), joined(why)


def joined(texts: Sequence[Text]) -> Text:
    """Several sentences as one text."""
    return Text(" ".join(each.en for each in texts), "".join(each.zh or each.en for each in texts))


def _tuples(commands: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(command) for command in commands)


def _check(where: Place, windows: bool) -> tuple[Step, ...]:
    command = line(("envcheck", "--python", where.interpreter), windows)
    return (Step(text("check", "do"), text("check", "why"), "environment", lines=(command,)),)


# --- room ----------------------------------------------------------------------------------------


def _free_mb(facts: Facts, where: Place, wishes: Wishes) -> float | None:
    """What is free where the environment will lie; of a recording, where packages or the home folder lie."""
    if wishes.free_mb is not None:
        return wishes.free_mb
    disks = value(facts, "platform.disks") or []
    roles = ("packages", "home") if not where.new else ("home", "packages")
    for role in roles:
        for disk in disks:
            if disk["role"] == role and not disk["read_only"]:
                return float(disk["free_gb"]) * 1024
    return None


def _with_room(made: Plan, found: Machine, kind: str, wishes: Wishes) -> Plan:
    """Where it does not fit on the disk, that and what helps is said."""
    needs = [step.disk_mb for step in made.steps if step.disk_mb]
    needed = sum(needs) + SPARE_MB if needs else None
    if needed is None or made.free_mb is None or made.free_mb >= needed:
        return made
    why = text("no_room", "why", needed=round(needed), free=round(made.free_mb), path=made.into)
    ways = others.for_room(found, kind, needed, made.free_mb, wishes)
    return made._replace(why_not=why, alternatives=(*ways, *made.alternatives))


# --- notes ---------------------------------------------------------------------------------------


def _compiled_at_first_use(found: Machine, row: Row) -> tuple[Text, ...]:
    """The release has no machine code for a GPU, only what the driver compiles."""
    late = sorted({each for each in found.compute if each and support(row, each).runs == "ptx-jit"})
    return tuple(text("jit", "note", compute=each) for each in late)


def _notes(facts: Facts, where: Place, plain: Plan) -> Iterator[Text]:
    version = value(facts, "tensorflow.version")
    if version and where.new:
        yield text("installed", "note", version=version)
    if not where.new:
        yield text("in_place", "note", into=where.into)
    debian = "debian" in (value(facts, "platform.distro"), *(value(facts, "platform.distro_like") or ()))
    if debian and where.tool == "pip" and value(facts, "python.environment") == "system":
        yield text("debian_venv", "note", python=minor(where.python) or "3")
    if language() == "zh" and plain.mirror is None:
        names = "、".join(f"--mirror {entry['name']}（{entry['who_zh']}）" for entry in mirrors())
        yield text("mirror", "note", names=names)


def lines(step: Step, windows: bool) -> tuple[str, ...]:
    """What a person types for a step."""
    return (*(line(command, windows) for command in step.commands), *step.lines)
