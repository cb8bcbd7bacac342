"""Which TensorFlow is installed, in any of its spellings, and what one over another leaves."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ... import tables
from ...formats import children
from ...host import Host
from ...model import NoAnswer, Value

Record = dict[str, Value]

#: Distributions that bring the package ``tensorflow``, and some that once did.
#: https://www.tensorflow.org/install/pip, https://github.com/Intel-tensorflow/tensorflow,
#: https://github.com/NVIDIA/tensorflow, https://github.com/ROCm/tensorflow-upstream,
#: https://learn.microsoft.com/windows/ai/directml/gpu-tensorflow-windows
NAMES = frozenset(
    (
        *("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "tensorflow-macos"),
        *("tensorflow-rocm", "tensorflow-cpu-aws", "tensorflow-aarch64", "tensorflow-directml"),
        *("intel-tensorflow", "intel-tensorflow-avx512", "nvidia-tensorflow"),
        *("tf-nightly", "tf-nightly-cpu", "tf-nightly-gpu", "tf-nightly-intel", "tf-nightly-macos"),
        *("tf-nightly-rocm", "tf-nightly-cpu-aws"),
    )
)
#: Where only a forwarding wheel was released: package → (platform, first release, first that is real
#: again, what it forwards to). Read off the sizes and the metadata of the wheels.
FORWARDS: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "tensorflow": (
        ("win-amd64", "2.11", "2.18.1", "tensorflow-intel"),
        ("macos-arm64", "2.13", "2.15.1", "tensorflow-macos"),
        ("linux-aarch64", "2.10", "2.16", "tensorflow-cpu-aws"),
    ),
}
#: A family's own releases carry the minor version of the TensorFlow that they were compiled against:
#: https://github.com/tensorflow/text#installation
TIED = ("tensorflow-text",)


def canonical(name: str) -> str:
    """A distribution's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(facts: Mapping[str, Value]) -> Value:
    """The distributions that bring TensorFlow: a list of {name, version, location, stub}; [] where none does.

    ``stub``: a wheel without files of its own, which only asks for another.

    How: pip list | grep -i -E 'tensorflow|tf.nightly'
    """
    platform = _platform(facts)
    found = [
        {
            "name": canonical(item["name"]),
            "version": item["version"],
            "location": item["location"],
            "stub": is_stub(canonical(item["name"]), item["version"], platform),
        }
        for item in facts["python.distributions"]
        if canonical(item["name"]) in NAMES
    ]
    return sorted(found, key=lambda item: (item["name"], item["location"] or ""))


def is_stub(name: str, version: str | None, platform: str | None) -> bool:
    """Whether this release only forwards to another package on this platform."""
    for where, since, until, _ in FORWARDS.get(name, ()):
        if where == platform and version and _between(version, since, until):
            return True
    return False


def _between(version: str, since: str, until: str) -> bool:
    number = _numbers(version)
    return _numbers(since) <= number < _numbers(until)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])


def _platform(facts: Mapping[str, Value]) -> str | None:
    return tables.platform(facts["platform.system"], facts["platform.architecture"])


def distribution(host: Host, facts: Mapping[str, Value]) -> Value:
    """The distribution whose files ``import tensorflow`` takes, "tensorflow-cpu"; None where there is none.

    How: pip show tensorflow tensorflow-cpu
    """
    found = _main(host, facts["tensorflow.distributions"])
    return found and found["name"]


def version(host: Host, facts: Mapping[str, Value]) -> Value:
    """The version of the installed TensorFlow, "2.20.0"; None where none is installed.

    How: pip show tensorflow
    """
    found = _main(host, facts["tensorflow.distributions"])
    if found:
        return found["version"]
    return folder(host).get("version_header")


def _main(host: Host, found: list[Record]) -> Record | None:
    """Of several the one that the files on disk belong to, as far as folder and version tell."""
    real = [item for item in found if not item["stub"]] or found
    try:
        files = folder(host)
    except NoAnswer:
        files = {}
    here, header = _parent(files.get("folder")), files.get("version_header")
    ranked = sorted(real, key=lambda item: (item["location"] != here, item["version"] != header))
    return ranked[0] if ranked else None


def _parent(path: str | None) -> str | None:
    return re.sub(r"[/\\][^/\\]+$", "", path) if path else None


def folder(host: Host) -> Record:
    """What the inventory tells of the files of the package: folder, build_info, version_header, callers;
    {} where there is no such folder."""
    return dict(children.first(host.child("inventory"), "tensorflow") or {})


def installed(facts: Mapping[str, Value]) -> Value:
    """Whether a TensorFlow is installed: a distribution that brings it, or an import that works.

    How: python -c "import tensorflow"
    """
    return bool(facts["tensorflow.distributions"]) or facts.get("tensorflow.import_outcome") == "ok"


def overlapping(facts: Mapping[str, Value]) -> Value:
    """The distributions, "tensorflow 2.20.0", that wrote the same files into one folder; None: no two did.

    How: pip list | grep -i -E 'tensorflow|tf.nightly'
    """
    places: dict[str, list[str]] = {}
    for item in facts["tensorflow.distributions"]:
        if not item["stub"]:
            places.setdefault(str(item["location"]), []).append(f"{item['name']} {item['version']}")
    return next((names for names in places.values() if len(names) > 1), None)


def stub_alone(facts: Mapping[str, Value]) -> Value:
    """The package that a forwarding TensorFlow wheel needs and that is not installed; None where all is well.

    How: pip check
    """
    found = facts["tensorflow.distributions"]
    if not found or not all(item["stub"] for item in found):
        return None
    platform = _platform(facts)
    return next(to for where, _, _, to in FORWARDS[found[0]["name"]] if where == platform)


def truncated(facts: Mapping[str, Value]) -> Value:
    """TensorFlow's shared libraries that are cut off: a list of {package, file, expected, size}; None: none.

    How: pip show -f tensorflow
    """
    damaged = [item for item in facts["python.damaged"] if canonical(item["package"]) in NAMES]
    return [item for item in damaged if (item["size"] or 0) < (item["expected"] or 0)] or None


def damaged(facts: Mapping[str, Value]) -> Value:
    """TensorFlow's shared libraries that are missing or not as installed: a list of paths; None: none.

    How: pip show -f tensorflow
    """
    found = [*facts["python.damaged"], *facts["python.missing_files"]]
    return [item["file"] for item in found if canonical(item["package"]) in NAMES] or None


def addons_of_other_version(facts: Mapping[str, Value]) -> Value:
    """Packages compiled against another TensorFlow: a list of {package, version}; None where there are none.

    How: pip list | grep tensorflow-text
    """
    tensorflow = facts["tensorflow.version"]
    if tensorflow is None or "dev" in tensorflow:
        return None
    packages = facts["python.packages"]
    there = [{"package": name, "version": packages[name]} for name in TIED if packages.get(name)]
    return [item for item in there if _numbers(item["version"])[:2] != _numbers(tensorflow)[:2]] or None


def metal(facts: Mapping[str, Value]) -> Value:
    """The version of tensorflow-metal; None where it is not installed.

    How: pip show tensorflow-metal
    """
    return facts["python.packages"].get("tensorflow-metal")


def framework_library(host: Host) -> Value:
    """The path of the library that opens CUDA's; None where there is none (Windows, or no TensorFlow).

    How: ls "$(dirname "$(python -c 'import tensorflow as t; print(t.__file__)')")"/libtensorflow_framework*
    """
    paths = [str(item["path"]) for item in folder(host).get("callers") or []]
    named = [path for path in paths if posixpath.basename(path).startswith("libtensorflow_framework")]
    return named[0] if named else None


FACTS = (
    distributions,
    distribution,
    version,
    installed,
    overlapping,
    stub_alone,
    truncated,
    damaged,
    addons_of_other_version,
    metal,
    framework_library,
)
