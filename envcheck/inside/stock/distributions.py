"""Every installed distribution, from its metadata files; folders left over from others."""

import os

HEADER_LIMIT = 262144


def header(text):
    """The fields of a METADATA header that matter here: a name to its list of values."""
    fields = {}
    last = None
    for line in text.split("\n"):
        line = line.rstrip("\r")
        if not line:
            break
        if line[0] in " \t":
            if last:
                last[-1] += " " + line.strip()
            continue
        name, _, value = line.partition(":")
        last = None
        if name in ("Name", "Version", "Requires-Dist", "Requires-Python"):
            last = fields.setdefault(name, [])
            last.append(value.strip())
    return fields


def wanted(requirement, all_of_them):
    """Whether a Requires-Dist line is worth passing on: not the extras of unrelated packages."""
    marker = requirement.partition(";")[2]
    return all_of_them or "extra" not in marker or " or " in marker


def is_family(name):
    """Whether a distribution is TensorFlow, one of its parts, or one of NVIDIA's libraries."""
    starts = ("tensorflow", "tf-", "nvidia-", "intel-tensorflow")
    return name.startswith(starts) and name not in ("tf-models-official",)


def metadata_of(folder, info):
    """(text of the metadata, path of a folder that holds the other files or None)."""
    path = os.path.join(folder, info)
    if info.endswith(".dist-info"):
        return text_of(os.path.join(path, "METADATA"), HEADER_LIMIT), path
    if os.path.isdir(path):
        return text_of(os.path.join(path, "PKG-INFO"), HEADER_LIMIT), path
    return text_of(path, HEADER_LIMIT), None


def distribution(folder, info):
    """One installed distribution as its metadata describes it."""
    text, path = metadata_of(folder, info)
    fields = header(text or "")
    stem = info.rpartition(".")[0].split("-")
    name = fields.get("Name", stem[:1])[0]
    version = fields.get("Version", stem[1:2] or [None])[0]
    requires = [r for r in fields.get("Requires-Dist", []) if wanted(r, is_family(canonical(name)))]
    record = {"name": name, "version": version, "info": info, "requires": requires}
    record["python"] = fields.get("Requires-Python", [None])[0]
    record["installer"] = installer_of(path)
    if text is None:
        record["metadata"] = False
    if path and not requires and info.endswith(".egg-info"):
        record["requires_txt"] = text_of(os.path.join(path, "requires.txt"))
    if path and os.path.exists(os.path.join(path, "direct_url.json")):
        record["direct_url"] = text_of(os.path.join(path, "direct_url.json"), 2048)
    return record


def installer_of(path):
    """What put a distribution there, by its INSTALLER file; None where it does not say."""
    text = text_of(os.path.join(path, "INSTALLER"), 64) if path else None
    return text.strip() or None if text else None


def infos_in(folder):
    """The metadata folders and files of a folder on the search path."""
    if folder.endswith(".egg") and os.path.isdir(os.path.join(folder, "EGG-INFO")):
        return ["EGG-INFO"]
    names = [name for name in names_in(folder) if name.endswith((".dist-info", ".egg-info"))]
    return [name for name in names if not name.startswith(("~", "."))]


def kind_of(folder):
    """Whose folder it is: ``user``, ``pythonpath`` or ``site``."""
    if user_site()[0] and same(folder, user_site()[0]):
        return "user"
    return "pythonpath" if any(same(folder, entry) for entry in python_path()) else "site"


def tell_distributions(folders):
    """One event per folder that holds distributions; returns (folder, record) of all."""
    everything = []
    for folder in folders:
        found = [distribution(folder, info) for info in infos_in(folder)]
        if found:
            emit("distributions", location=folder, kind=kind_of(folder), found=found)
        everything += [(folder, record) for record in found]
    return everything


def tell_leftovers(folders):
    """Folders that pip renamed while replacing a package and never removed: ``~ensorflow``."""
    found = [os.path.join(f, name) for f in folders for name in names_in(f) if name.startswith("~")]
    emit("leftovers", found=found)
