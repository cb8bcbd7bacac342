"""The installed distributions, and those that bear on TensorFlow one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...formats.metadata import canonical
from ...host import Host
from ...model import Value
from .inventory import event, topics


def distributions(host: Host) -> Value:
    """The installed distributions in the order of the search path: a list of {name, version, location,
    installer, user}; ``user``: in the user's own folder (pip install --user).

    How: pip list -v
    """
    return [
        {
            "name": found["name"],
            "version": found["version"],
            "location": folder["location"],
            "installer": found["installer"],
            "user": folder["kind"] == "user",
        }
        for folder in topics(host, "distributions")
        for found in folder["found"]
    ]


def packages(facts: Mapping[str, Value]) -> Value:
    """The distributions that an import takes: canonical name to version. Of several by one name the first
    counts.

    How: pip list
    """
    found: dict[str, Value] = {}
    for item in facts["python.distributions"]:
        found.setdefault(canonical(item["name"]), item["version"])
    return dict(sorted(found.items()))


def pip(facts: Mapping[str, Value]) -> Value:
    """The version of pip; None where there is none, which is normal in an environment made by uv.

    How: pip --version
    """
    return facts["python.packages"].get("pip")


def numpy(facts: Mapping[str, Value]) -> Value:
    """The version of NumPy; None where it is not installed.

    How: pip show numpy
    """
    return facts["python.packages"].get("numpy")


def protobuf(facts: Mapping[str, Value]) -> Value:
    """The version of protobuf; None where it is not installed.

    How: pip show protobuf
    """
    return facts["python.packages"].get("protobuf")


def keras(facts: Mapping[str, Value]) -> Value:
    """The version of Keras; None where it is not installed.

    How: pip show keras
    """
    return facts["python.packages"].get("keras")


def tf_keras(facts: Mapping[str, Value]) -> Value:
    """The version of tf-keras, which is Keras 2 for TensorFlow 2.16 and later; None where it is not
    installed.

    How: pip show tf-keras
    """
    return facts["python.packages"].get("tf-keras")


def tf_keras_needed(facts: Mapping[str, Value]) -> Value:
    """The first tf-keras of the series that belongs to the installed TensorFlow, "2.21.0"; None where none
    does.

    How: pip show tensorflow
    """
    version = facts["tensorflow.version"]
    number = re.match(r"2\.(\d+)", version or "")
    return f"{number[0]}.0" if number and int(number[1]) >= 16 else None


def h5py(facts: Mapping[str, Value]) -> Value:
    """The version of h5py; None where it is not installed.

    How: pip show h5py
    """
    return facts["python.packages"].get("h5py")


def tensorboard(facts: Mapping[str, Value]) -> Value:
    """The version of TensorBoard; None where it is not installed.

    How: pip show tensorboard
    """
    return facts["python.packages"].get("tensorboard")


def ml_dtypes(facts: Mapping[str, Value]) -> Value:
    """The version of ml_dtypes; None where it is not installed.

    How: pip show ml-dtypes
    """
    return facts["python.packages"].get("ml-dtypes")


def tensorflow_text(facts: Mapping[str, Value]) -> Value:
    """The version of tensorflow-text; None where it is not installed.

    How: pip show tensorflow-text
    """
    return facts["python.packages"].get("tensorflow-text")


def pynvml_package(facts: Mapping[str, Value]) -> Value:
    """The version of the abandoned distribution "pynvml", which hides or slows nvidia-ml-py; None: not
    installed.

    How: pip show pynvml
    """
    return facts["python.packages"].get("pynvml")


def installer_of_tensorflow(facts: Mapping[str, Value]) -> Value:
    """What installed TensorFlow: "pip", "uv", "conda"; None where none is installed or nothing says so.

    How: pip show -v tensorflow
    """
    name = facts["tensorflow.distribution"]
    found = [item for item in facts["python.distributions"] if canonical(item["name"]) == name]
    return found[0]["installer"] if found else None


def duplicates(facts: Mapping[str, Value]) -> Value:
    """The distributions whose metadata lies twice in one folder, left by an installation that broke off: a
    list of {name, versions, location}; [] where there are none.

    How: ls site-packages | grep dist-info
    """
    found: dict[tuple[str, str], list[Value]] = {}
    for item in facts["python.distributions"]:
        found.setdefault((canonical(item["name"]), item["location"]), []).append(item["version"])
    return [
        {"name": name, "versions": versions, "location": place}
        for (name, place), versions in sorted(found.items())
        if len(versions) > 1
    ]


def user_site_leaks(facts: Mapping[str, Value]) -> Value:
    """The packages in the user's own folder that an import takes before the environment's: a list of
    {package, version, path, hidden}, ``hidden`` the environment's version; [] where there are none.

    How: python -m site; pip list --user
    """
    return [
        {"package": name, "version": item["version"], "path": item["location"], "hidden": other["version"]}
        for name, (item, other) in sorted(_first_two(facts["python.distributions"]).items())
        if item["user"] and not other["user"] and item["version"] != other["version"]
    ]


def _first_two(found: list[dict[str, Any]]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The names that are there more than once: the one that counts and the next."""
    places: dict[str, list[dict[str, Any]]] = {}
    for item in found:
        places.setdefault(canonical(item["name"]), []).append(item)
    return {name: (items[0], items[1]) for name, items in places.items() if len(items) > 1}


def conda_pip_mix(host: Host, facts: Mapping[str, Value]) -> Value:
    """The packages that conda and pip both installed, in different versions: a list of {package, conda,
    pip}; [] in other environments.

    How: conda list
    """
    listed = (event(host, "conda") or {}).get("packages", [])
    conda = {canonical(name): version for name, version, _ in listed}
    return [
        {"package": name, "conda": conda[name], "pip": item["version"]}
        for item in sorted(facts["python.distributions"], key=lambda item: canonical(item["name"]))
        if (name := canonical(item["name"])) in conda
        and item["installer"] not in (None, "conda")
        and item["version"] != conda[name]
    ]


FACTS = (
    distributions,
    packages,
    pip,
    numpy,
    protobuf,
    keras,
    tf_keras,
    tf_keras_needed,
    h5py,
    tensorboard,
    ml_dtypes,
    tensorflow_text,
    pynvml_package,
    installer_of_tensorflow,
    duplicates,
    user_site_leaks,
    conda_pip_mix,
)
