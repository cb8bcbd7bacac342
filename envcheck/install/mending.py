"""What the facts and the requirement graph say is to be changed. Each takes the changes so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from ..formats.metadata import Need, canonical
from ..model import Fix, Text
from ..words import mark
from .graph import spec_name, spec_parts
from .situation import Change, Deed, Situation, a_change, fixes_of, kept, leaks, numbers, packages_of, release
from .tables import left_out, spoken, table

#: The user's own folder of packages is left out by this variable alone, where there is no environment
#: that could do so: https://docs.python.org/3/using/cmdline.html#envvar-PYTHONNOUSERSITE
WITHOUT_USER_SITE = "export PYTHONNOUSERSITE=1"


# --- several TensorFlows in one place


def mixed(at: Situation, _: Sequence[Change]) -> Iterator[Change]:
    """The rule removes all and installs the newest that fits; the version that is there will do."""
    if not at.value("tensorflow.overlapping"):
        return
    fix = next((fix for found in at.findings for fix in fixes_of(found) if _is_exchange(fix)), None)
    here = [name for name in dict.fromkeys(at.tensorflows) if at.graph.version(name)]
    asked = [each for each in fix.packages if not each.startswith("-")] if fix else []
    wanted = _same_version(at, asked, here)
    if not wanted:
        return
    do = mark("Remove {packages}, which overwrite each other, and install {wanted} alone")
    why = mark("They write the same files: each file is the one of whichever came last")
    deeds = (Deed("remove", tuple(here)), Deed("install", tuple(wanted)))
    yield a_change(do, why, deeds, packages=", ".join(here), wanted=", ".join(wanted))


def _is_exchange(fix: Fix) -> bool:
    removed = {spec_name(each) for each in fix.packages if each.startswith("-")}
    return len(removed) > 1


def _same_version(at: Situation, asked: Sequence[str], here: Sequence[str]) -> list[str]:
    """The rule's packages, TensorFlow's version replaced by the one whose files are there."""
    version = at.value("tensorflow.version")
    keep = version is not None and SpecifierSet(at.version_wanted).contains(version, prereleases=True)
    without_gpu = [name for name in here if name.endswith("-cpu")] if at.value("wanted.gpu") == 0 else []
    found = []
    for text in asked or [f"{at.value('tensorflow.distribution')}=={version}"]:
        name, specifier = spec_parts(text)
        row = release(at, spec_name(text), version)
        fits = "[" not in name or bool(row and row["extras"])
        if spec_name(text).startswith("tensorflow") and keep and fits:
            name = without_gpu[0] if without_gpu else name
            specifier = f"=={version}"
            out = left_out(str(version), at.value("python.minor"))[0] if "[" in name else ()
            if out and row:  # the extra cannot be installed as a whole
                name = name.partition("[")[0]
                found += [each for each in row["extras"] if spec_name(each) not in out]
        found.insert(0, name + specifier)
    return found


# --- one package twice in one folder


def doubled(at: Situation, _: Sequence[Change]) -> Iterator[Change]:
    """Packages that are noted twice: their files are of both, and an installer takes away only what one note
    lists. So it goes as often as it is noted, and comes anew; where all works it is left alone."""
    for entry in at.value("python.duplicates") or []:
        name = entry["name"]
        item = at.own.found.get(name)
        if at.works or item is None or name not in at.tree:
            continue
        if item.location != entry["location"] or item.kind != "site" or item.editable:
            continue
        if name in map(canonical, at.tensorflows):
            wanted = f"{name}=={at.value('tensorflow.version') or item.version}"
        else:
            wanted = f"{name} @ {item.origin}" if item.origin else _one_of(_spec(at, name), entry["versions"])
        do = mark("Remove {package}, which is there as {versions}, and install {wanted}")
        why = mark("An installation that broke off left both: the files are now of one, now of the other")
        deeds = (Deed("remove", (name,)),) * len(entry["versions"])
        deeds += (Deed("install", (wanted,), kept(at, [wanted])),)
        versions = ", ".join(map(str, entry["versions"]))
        yield a_change(do, why, deeds, package=name, versions=versions, wanted=wanted)


def _one_of(spec: str, versions: Sequence[str]) -> str:
    """The newest of ``versions`` that ``spec`` allows: what was meant to be there. ``spec`` where none is."""
    name, specifier = spec_parts(spec)
    with suppress(InvalidVersion):
        fitting = sorted(SpecifierSet(specifier).filter(versions, prereleases=True), key=Version)
        return f"{name}=={fitting[-1]}" if fitting else spec
    return spec


# --- files that are missing or cut off


def damaged(at: Situation, before: Sequence[Change]) -> Iterator[Change]:
    """Packages with files that are missing or cut off come once more; where all works nobody misses them."""
    done = set().union(*(change.names() for change in before))
    for name in sorted(at.damaged):
        item = at.own.found.get(name)
        if at.works or item is None or not item.version or name in done:
            continue
        files = at.damaged[name]
        do = mark("Install {package} {version} once more, alone")
        why = mark("Missing or cut off: {count} of its files ({files})")
        again = f"{name} @ {item.origin}" if item.origin else f"{name}=={item.version}"
        shown = ", ".join(files[:3]) + (", …" if len(files) > 3 else "")
        values = {"package": name, "version": item.version, "count": len(files), "files": shown}
        yield a_change(do, why, (Deed("anew", (again,)),), **values)


# --- requirements that are not met


def unmet(at: Situation, before: Sequence[Change]) -> Iterator[Change]:
    """One command for all of them, with TensorFlow in it so that the installer keeps to what it asks for."""
    done = set().union(*(change.names() for change in before))
    needs = [(by, need) for by, found in at.own.unmet().items() for need in found if by in at.tree]
    names = sorted({need.requires for _, need in needs} - done)
    if not names:
        return
    specs = tuple(_spec(at, name) for name in names)
    do = mark("Install {packages}")
    whys = list(dict.fromkeys(_sentence(at, by, need) for by, need in needs))
    why = Text("; ".join(why.en for why in whys), "；".join(why.zh or why.en for why in whys))
    deeds = (Deed("install", specs, kept(at, specs)),)
    yield Change(spoken(do, {"packages": ", ".join(specs)}), why, deeds)


def _spec(at: Situation, name: str) -> str:
    """What TensorFlow, the rules and, as far as there is room, the others ask for."""
    by_rule = [spec_parts(each)[1] for found in at.findings for each in packages_of(found) if _is(each, name)]
    return name + at.own.wanted(name, at.tree, ",".join(filter(None, by_rule)))


def _is(text: str, name: str) -> bool:
    return not text.startswith("-") and spec_name(text) == name


def _sentence(at: Situation, by: str, need: Need) -> Text:
    item = at.graph.found.get(need.requires)
    have = f"{need.installed} ({item.location})" if item and item.kind == "user" else need.installed
    missing = mark("{package} needs {needs}, which is not installed")
    other = mark("{package} needs {needs}, and {installed} is installed")
    values = {"package": f"{by} {at.own.version(by)}", "needs": need.needs, "installed": have}
    return spoken(other if have else missing, values)


# --- others


def shadowed(at: Situation, _: Sequence[Change]) -> Iterator[Change]:
    """Abandoned packages that lie over the files of those that took their place."""
    for entry in table("repair.toml")["superseded"]:
        old, new, harmless = entry["package"], entry["by"], entry["harmless_from"]
        version = at.own.version(old)
        if not version or numbers(version) >= numbers(harmless):
            continue
        why = mark("{package} {version} hides the module of {other}, which took its place")
        values = {"package": old, "version": version, "other": new}
        users = [ask.by for ask in at.own.asks if ask.name == old]
        if users:
            do = mark("Update {package}, which {users} asks for: the newer one leaves the module to {other}")
            deeds = (Deed("install", (f"{old}>={harmless}",)),)
            yield a_change(do, why, deeds, users=", ".join(users), **values)
            continue
        there = at.own.version(new)
        again = Deed("anew", (f"{new}=={there}",)) if there else Deed("install", (new,))
        yield a_change(
            mark("Remove {package}, and install {other}"), why, (Deed("remove", (old,)), again), **values
        )


def dropped(at: Situation, before: Sequence[Change]) -> Iterator[Change]:
    """What this TensorFlow brings no more, and earlier ones did (then it is among what is not met)."""
    version = at.value("tensorflow.version")
    names = set().union(*(change.names() for change in before))
    for entry in table("repair.toml")["no_longer_required"]:
        package = entry["package"]
        there = any(at.graph.version(name) for name in (package, *entry["also"]))
        if not version or numbers(version) < numbers(entry["since"]) or there or package in names:
            continue
        why = mark("TensorFlow {version} does not bring it any more, and what uses it fails without")
        deeds = (Deed("install", (package,), kept(at, [])),)
        yield a_change(mark("Install {packages}"), why, deeds, packages=package, version=version)


def pushed_aside(at: Situation, before: Sequence[Change]) -> Iterator[Change]:
    """Other packages whose requirements are not met any more since a change was made for TensorFlow's."""
    if at.before is None:
        return
    unmet = at.own.unmet()
    names = [
        by
        for by, needs in sorted(unmet.items())
        if by not in at.tree and any((by, need.requires) not in at.before for need in needs)
    ]
    if names and not before:
        held = sorted({need.requires for by in names for need in unmet[by]})
        pins = [f"{name}=={at.own.version(name)}" for name in held if at.own.version(name)]
        do = mark("Bring {packages} to versions that go with it")
        why = mark("What TensorFlow needs is not what they were installed with")
        deeds = (Deed("install", tuple(names), (*pins, *kept(at, pins))),)
        yield a_change(do, why, deeds, packages=", ".join(names))._replace(optional=True)


def user_site(at: Situation, _: Sequence[Change]) -> Iterator[Change]:
    """Outside a virtual environment the user's own folder counts first, and is not ours to change."""
    found = leaks(at)
    if found:
        do = mark("Set PYTHONNOUSERSITE=1 for this Python, or take out of the user's own folder: {packages}")
        why = mark("Packages that were installed with pip install --user hide the environment's")
        names = ", ".join(sorted({f"{need.requires} {need.installed}" for need in found}))
        change = a_change(do, why, (), packages=names)
        yield change._replace(scope="user", lines=(WITHOUT_USER_SITE,))
