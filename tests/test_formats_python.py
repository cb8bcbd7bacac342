"""RECORD and requirement metadata."""

from __future__ import annotations

import sys

import pytest

from envcheck.formats import metadata, record

WHERE = metadata.markers(
    (3, 11, 2, "final", 0),
    {
        "implementation": "cpython",
        "implementation_version": "3.11.2",
        "os_name": "posix",
        "sys_platform": "linux",
        "machine": ["Linux", "6.1.0", "#1 SMP", "x86_64"],
    },
)


def needs(*requirements: str, **installed: str | None) -> list[tuple[str, str | None, str]]:
    versions = {name.replace("_", "-"): version for name, version in installed.items()}
    return [(n.needs, n.installed, n.side) for n in metadata.unmet(requirements, versions, WHERE)]


def test_record_lines() -> None:
    text = (
        'tensorflow/x.so,sha256=abc,12\n"odd, name.so.2",,5\ntensorflow-2.dist-info/RECORD,,\n'
        "nvidia/lib/libcudnn.so.9,sha256=x,34\nbroken line\na/b.source.py,sha256=y,1\n"
    )
    assert [entry.path for entry in record.entries(text)] == [
        "tensorflow/x.so",
        "odd, name.so.2",
        "tensorflow-2.dist-info/RECORD",
        "nvidia/lib/libcudnn.so.9",
        "a/b.source.py",
    ]
    libraries = list(record.libraries(text))
    assert [(entry.path, entry.size) for entry in libraries] == [
        ("tensorflow/x.so", 12),
        ("odd, name.so.2", 5),
        ("nvidia/lib/libcudnn.so.9", 34),
    ]
    assert next(record.entries(text)).hash == "sha256=abc"


@pytest.mark.parametrize(
    ("name", "normal"), [("Absl_Py", "absl-py"), ("zope.interface", "zope-interface"), ("a--b__c", "a-b-c")]
)
def test_canonical_names(name: str, normal: str) -> None:
    assert metadata.canonical(name) == normal


def test_markers_describe_the_running_interpreter() -> None:
    """The same values as packaging's own for the interpreter that runs the tests."""
    from packaging.markers import default_environment

    theirs = dict(default_environment())
    about = {
        "implementation": sys.implementation.name,
        "implementation_version": ".".join(map(str, sys.implementation.version[:3])),
        "os_name": theirs["os_name"],
        "sys_platform": sys.platform,
        "machine": [theirs[f"platform_{name}"] for name in ("system", "release", "version", "machine")],
    }
    ours = dict(metadata.markers(tuple(sys.version_info), about))
    assert ours.pop("extra") == ""
    assert ours == {name: value for name, value in theirs.items() if name in ours}


def test_pre_releases_of_python_are_named() -> None:
    about = {"implementation": "cpython", "implementation_version": "3.15.0", "os_name": "posix",
             "sys_platform": "linux", "machine": ["Linux", "6", "#1", "x86_64"]}  # fmt: skip
    assert metadata.markers((3, 15, 0, "alpha", 2), about)["python_full_version"] == "3.15.0a2"
    assert metadata.markers((3, 15, 0, "candidate", 1), about)["python_full_version"] == "3.15.0rc1"


def test_what_is_met_is_not_told() -> None:
    assert needs("numpy<2,>=1.23.5", numpy="1.26.4") == []
    assert needs("numpy>=2.0", numpy="2.1.0rc1") == []  # pip check counts pre-releases


@pytest.mark.parametrize(
    ("requirement", "version", "side"),
    [
        ("numpy<2,>=1.23.5", "2.0.2", "above"),
        ("numpy<2,>=1.23.5", "1.20.0", "below"),
        ("keras~=2.15.0", "3.1.0", "above"),
        ("keras~=2.15.0", "2.14.0", "below"),
        ("protobuf!=4.21.0,<5", "4.21.0", "excluded"),
        ("wheel (<1.0,>=0.23.0)", "0.20", "below"),
        ("six==1.16.*", "1.15.0", "below"),
        ("six==1.16.0", "1.17.0", "above"),
    ],
)
def test_on_which_side_a_version_misses(requirement: str, version: str, side: str) -> None:
    name = requirement.split("<")[0].split("~")[0].split("!")[0].split("=")[0].split("(")[0].strip()
    assert [need[1:] for need in needs(requirement, **{name: version})] == [(version, side)]


def test_missing_and_unread() -> None:
    assert needs("wrapt>=1.11.0") == [("wrapt>=1.11.0", None, "missing")]
    assert needs("wrapt>=1.11.0", wrapt="unknown") == []  # no PEP 440 version: nothing can be said
    assert needs("not a requirement at all ;;") == []


def test_markers_and_extras_decide_what_applies() -> None:
    assert needs("tomli; python_version < '3.11'") == []
    assert needs("tomli; python_version >= '3.11'") == [("tomli", None, "missing")]
    assert needs("rich; extra == 'cli'") == []
    assert needs("tensorflow-intel==2.18.0; platform_system == 'Windows'") == []


def test_egg_requirements_without_extras() -> None:
    text = "six>=1.0\nwheel\n\n[dev]\npytest\n\n[:python_version < '3']\nenum34\n\n[dev:os_name == 'nt']\nx\n"
    assert list(metadata.egg_requirements(text)) == ["six>=1.0", "wheel", "enum34; python_version < '3'"]


REQUIREMENTS = [
    "numpy>=1.26.0", "numpy (<2,>=1.23)", "numpy", "numpy!=1.26.4", "numpy==1.26.4.0", "numpy>1.26,<1.27",
    "numpy~=1.26", "numpy~=1.26.3", "numpy~=2.0.0", "numpy~=1.25", "numpy==1.26.*", "numpy>=2.0rc1",
    "six>=1.12 ; python_version < '3.9'",
    'six>=1.12; python_version >= "3.9"', 'six>=99; extra == "test"', 'six>=99; sys_platform == "win32"',
    'six>=99; extra == "a" or python_version >= "3.0"', "missing>=1", "Six_>=1", "numpy>=1.26.0,",
    "numpy===1.26.4",
    'six>=99; python_version < "4"', "numpy[extra]>=1.0", "numpy @ https://example.com/numpy.whl",
]  # fmt: skip


@pytest.mark.parametrize("text", REQUIREMENTS)
@pytest.mark.parametrize("version", ["1.26.4", "2.0.0", "1.26.4+local", "2.0.0rc1", "1.26"])
def test_the_short_way_never_differs_from_packaging(
    text: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = {
        "implementation": "cpython", "implementation_version": "3.11.7", "os_name": "posix",
        "sys_platform": "linux", "machine": ["Linux", "6", "#1", "x86_64"],
    }  # fmt: skip
    where = metadata.markers([3, 11, 7, "final", 0], about)
    installed = {"numpy": version, "six": "1.16.0"}
    short = list(metadata.unmet([text], installed, where))
    monkeypatch.setattr(metadata, "_surely_met", lambda *_: False)
    assert short == list(metadata.unmet([text], installed, where))
