"""What is to be changed in an environment so that TensorFlow works in it: as little as will do.

Pure. The findings' fixes say which packages; the requirement graph says which of their versions leave
everything else as it is; facts say what is damaged and what stands in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..formats import metadata
from ..formats.metadata import canonical
from ..model import Fix, Scope
from ..words import mark
from .commands import Installer
from .graph import spec_name, spec_parts
from .mending import damaged, doubled, dropped, mixed, pushed_aside, shadowed, unmet, user_site
from .model import Step
from .situation import Change, Deed, Situation, a_change, fixes_of, kept, leaks, release
from .tables import left_out


def todo(at: Situation, installer: Installer, tried: Iterable[tuple[Deed, ...]] = ()) -> tuple[Change, ...]:
    """:func:`changes`, and before them pip where the environment has none to make them with."""
    found = changes(at, tried)
    if installer.tool == "uv" or at.graph.version("pip") or not any(change.deeds for change in found):
        return found
    why = mark("This environment has no pip, and there is no uv on PATH")
    return (a_change(mark("Install pip"), why, (Deed("pip", ()),)), *found)


def changes(at: Situation, tried: Iterable[tuple[Deed, ...]] = ()) -> tuple[Change, ...]:
    """The changes to be made, in order; none that was ``tried`` already."""
    tried = set(tried)
    found: list[Change] = []
    for which in (mixed, doubled, damaged, unmet):
        found += [change for change in which(at, found) if change.deeds not in tried or not change.deeds]
    if not leaks(at) or found:
        found += _by_rules(at, found, tried)
    # What comes after another TensorFlow is another question: the next round's.
    others = (shadowed, user_site) if _replaces(at, found) else (shadowed, dropped, pushed_aside, user_site)
    for which in others:
        found += [change for change in which(at, found) if change.deeds not in tried or not change.deeds]
    return (*found, *_by_hand(at, found))


def step(change: Change, installer: Installer) -> Step:
    """The change with its commands, for the environment of ``installer``."""
    lines = [line for deed in change.deeds for line in _commands(deed, installer)]
    return Step(change.do, change.why, change.scope, tuple(map(tuple, lines)), lines=change.lines)


def _commands(deed: Deed, installer: Installer) -> list[list[str]]:
    if deed.verb == "pip":
        return [[installer.python, "-m", "ensurepip"]]
    if deed.verb == "remove":
        return installer.uninstall(deed.packages)
    if deed.verb == "install":
        return installer.install([*deed.packages, *deed.kept])
    # uv links files out of its cache: one that was damaged there would come back.
    again = ["--reinstall", "--no-cache"] if installer.tool == "uv" else ["--force-reinstall"]
    return installer.install(deed.packages, *again, "--no-deps")


def amiss(at: Situation) -> set[str]:
    """What is not as it should be, to be compared with what is left of it afterwards."""
    needs = [(by, need) for by, found in at.graph.unmet().items() for need in found if by in at.tree]
    found = {f"{by} needs {need.needs}" for by, need in needs}
    found |= {f"damaged: {name}" for name in at.damaged}
    return found | {
        str(change.do.en) for which in (mixed, doubled, shadowed, dropped) for change in which(at, [])
    }


# --- what the rules say beyond that


def _by_rules(at: Situation, before: Sequence[Change], tried: set[tuple[Deed, ...]]) -> Iterator[Change]:
    """The first fix of each finding that names packages, unless what is changed already covers it."""
    done = list(before)
    for finding in at.findings:
        if finding.severity == "notice":
            continue
        for fix in fixes_of(finding):
            deeds = _deeds(at, fix)
            if not deeds or deeds in tried:
                continue
            if not _is_covered(at, deeds, done):
                change = Change(fix.do, finding.rule.title, deeds)
                done.append(change)
                yield change
            break


def _by_hand(at: Situation, before: Sequence[Change]) -> Iterator[Change]:
    """What blocks and cannot be mended with packages: the first fix, for a person to carry out. Of packages
    nothing is said where some are to be changed: that may settle it."""
    open_yet = ("python", "tensorflow", "training") if any(change.deeds for change in before) else ()
    for finding in at.findings:
        blocks = finding.severity == "blocking" and finding.rule.layer not in open_yet
        if blocks and finding.fixes and not fixes_of(finding):
            fix = finding.fixes[0]
            scope: Scope = "manual" if fix.scope == "environment" else fix.scope
            yield Change(fix.do, finding.rule.title, scope=scope, lines=fix.run)


def _deeds(at: Situation, fix: Fix) -> tuple[Deed, ...]:
    """The fix's packages with the least to be done: nothing is removed that is not there, and a package
    that is to come back in the same version is installed anew alone."""
    removed = [each[1:] for each in fix.packages if each.startswith("-") and at.own.version(each[1:])]
    wanted = [each for text in fix.packages if not text.startswith("-") for each in _spelled_out(at, text)]
    if removed and {canonical(name) for name in removed} == {spec_name(each) for each in wanted}:
        same = [each for each in wanted if spec_parts(each)[1] == f"=={at.own.version(spec_name(each))}"]
        if same == wanted:
            return (Deed("anew", tuple(wanted)),)
    deeds = [Deed("remove", tuple(removed))] if removed else []
    merged = tuple(_merged(at, each) for each in wanted)
    brings = set(map(spec_name, merged)) & set(map(canonical, at.tensorflows))
    deeds += [Deed("install", merged, () if brings else kept(at, merged))] if merged else []
    return tuple(deeds)


def _spelled_out(at: Situation, text: str) -> tuple[str, ...]:
    """The extra of the TensorFlow that is there: those of its packages that are not, one by one. Some
    releases' extras cannot be installed as a whole."""
    name, version = spec_name(text), at.own.version(spec_name(text))
    row = release(at, name, version) if "[" in text and text.endswith(f"=={version}") else None
    if row is None:
        return (text,)
    versions = {each: item.version for each, item in at.own.found.items()}
    missing = {need.requires for need in metadata.unmet(row["extras"], versions, at.own.where)}
    missing -= set(left_out(row["version"], at.value("python.minor"))[0])
    return tuple(each for each in row["extras"] if spec_name(each) in missing) or (text,)


def _merged(at: Situation, text: str) -> str:
    name, specifier = spec_parts(text)
    plain = spec_name(text)
    if plain in map(canonical, at.tensorflows) or "==" in specifier:
        return text
    return name + at.own.wanted(plain, at.tree, specifier)


def _is_covered(at: Situation, deeds: tuple[Deed, ...], before: Sequence[Change]) -> bool:
    """Whether earlier changes are about all these packages. ``tensorflow==2.15.1`` where that is installed
    asks for nothing but what it requires."""
    done = set().union(*(change.names() for change in before))
    names = {
        spec_name(each)
        for deed in deeds
        for each in deed.packages
        if deed.verb != "install" or not _as_it_is(at, each)
    }
    return bool(done or names) and names <= done


def _replaces(at: Situation, found: Sequence[Change]) -> bool:
    """Whether TensorFlow itself becomes another."""
    same = set(map(canonical, at.tensorflows))
    deeds = [deed for change in found for deed in change.deeds if deed.verb != "anew"]
    return any(
        spec_name(each) in same and not _as_it_is(at, each) for deed in deeds for each in deed.packages
    )


def _as_it_is(at: Situation, text: str) -> bool:
    name, specifier = spec_parts(text)
    plain = spec_name(text)
    return (
        "[" not in name
        and plain in map(canonical, at.tensorflows)
        and (specifier == f"=={at.own.version(plain)}")
    )
