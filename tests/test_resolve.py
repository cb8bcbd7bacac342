"""``--verify-resolve``, and what installers say where they fail: their words, brought to a cause."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from envcheck.install import failed, resolve
from envcheck.install.commands import Installer
from envcheck.install.model import Plan
from envcheck.install.wishes import Wishes, checked
from envcheck.model import Facts, Known, Target, Wrong
from envcheck.render import terminal
from envcheck.views import plan as views

LINUX = {"platform.system": "Linux", "platform.architecture": "x86_64", "platform.glibc": "2.35"}
PYTHON = {"python.version": "3.11.7", "python.pip": "24.0", "python.minor": "3.11"}


def facts(**more: object) -> Facts:
    told = {**LINUX, **PYTHON, **{name.replace("__", "."): value for name, value in more.items()}}
    return {name: Known(value) for name, value in told.items()}


def a_plan(**more: object) -> Plan:
    target = Target("/home/u/venv/bin/python", "test")
    plain = Plan(target, facts(), "2.20.0", ("tensorflow[and-cuda]==2.20.0",), "3.11.7", ".venv-tensorflow")
    return plain._replace(**more)  # type: ignore[arg-type]


class Resolver:
    """Stands for pip or uv: notes what it was asked and answers as it was told."""

    def __init__(self, code: int, text: str, report: object = None) -> None:
        self.answer, self.report, self.asked = resolve.Answer(code, text), report, [""]

    def __call__(self, argv: Sequence[str]) -> resolve.Answer:
        self.asked = list(argv)
        if self.report is not None:
            Path(argv[argv.index("--report") + 1]).write_text(json.dumps(self.report), "utf-8")
        return self.answer


def test_pip_resolves_for_its_own_python() -> None:
    said = {"install": [{"metadata": {"name": "tensorflow", "version": "2.20.0"}}]}
    pip = Resolver(0, "", said)
    found = resolve.resolved(a_plan(mirror="https://mirror.example/simple"), True, None, pip)
    assert found.resolution is not None and found.resolution.packages == ("tensorflow==2.20.0",)
    assert pip.asked[:4] == ["/home/u/venv/bin/python", "-m", "pip", "install"]
    assert {"--dry-run", "--ignore-installed", "https://mirror.example/simple"} <= set(pip.asked)
    assert found.exit_code == 0


@pytest.mark.parametrize(
    ("plan", "here"),
    [
        (a_plan(), False),  # another machine
        (a_plan(python="3.12"), True),  # another Python
        (a_plan(tool="uv"), True),
        (a_plan(facts=facts(python__pip="21.0")), True),  # no --dry-run yet
        (a_plan(facts=facts(python__pip=None)), True),
    ],
)
def test_else_uv_does(plan: Plan, here: bool) -> None:
    uv = Resolver(0, "# a comment\nkeras==3.12.0\ntensorflow==2.20.0\n")
    found = resolve.resolved(plan, here, "uv", uv)
    assert found.resolution is not None
    assert found.resolution.packages == ("keras==3.12.0", "tensorflow==2.20.0")
    assert uv.asked[:3] == ["uv", "pip", "compile"]
    python = str(plan.python)[:4]
    assert uv.asked[uv.asked.index("--python-version") + 1] == python
    with pytest.raises(Wrong, match="needs uv"):
        resolve.resolved(plan, here, None, uv)


@pytest.mark.parametrize(
    ("told", "platform"),
    [
        ({}, "x86_64-manylinux_2_35"),
        ({"platform__glibc": "2.17"}, "x86_64-manylinux_2_17"),
        ({"platform__glibc": "2.30"}, "x86_64-manylinux_2_28"),
        ({"platform__glibc": "2.99", "platform__architecture": "aarch64"}, "aarch64-manylinux_2_40"),
        ({"platform__system": "Windows"}, "x86_64-pc-windows-msvc"),
        ({"platform__system": "Darwin", "platform__architecture": "arm64"}, "aarch64-apple-darwin"),
        ({"platform__system": "Darwin"}, "x86_64-apple-darwin"),
        ({"platform__system": "Plan 9"}, None),
    ],
)
def test_what_uv_calls_a_system(told: dict[str, object], platform: str | None) -> None:
    assert resolve.uv_platform(facts(**told)) == platform


PIP_NONE = """\
ERROR: Could not find a version that satisfies the requirement tensorflow==2.20.0 (from versions: none)
ERROR: No matching distribution found for tensorflow==2.20.0
"""
PIP_CONFLICT = """\
ERROR: Cannot install tensorflow==2.15.1 and numpy==2.0.0 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested numpy==2.0.0
    tensorflow 2.15.1 depends on numpy<2.0.0 and >=1.23.5
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/
"""  # noqa: E501
UV_CONFLICT = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because tensorflow==2.15.1 depends on numpy>=1.23.5,<2.0.0 and you require tensorflow==2.15.1, we can
      conclude that you require numpy>=1.23.5,<2.0.0.
      And because you require numpy==2.0.0, we can conclude that your requirements are unsatisfiable.
"""
UV_NO_WHEEL = """\
error: No solution found when resolving dependencies
  cause: Because tensorrt==8.5.3.1 has no wheels with a matching Python ABI tag (e.g., `cp311`) and tensorflow[and-cuda]==2.14.1 depends on tensorrt==8.5.3.1, we can conclude that tensorflow[and-cuda]==2.14.1 cannot be used.
         And because you require tensorflow[and-cuda]==2.14.1, we can conclude that your requirements are unsatisfiable.
"""  # noqa: E501
NO_NETWORK = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno -2] Name or service not known')': /simple/tensorflow/
ERROR: Could not find a version that satisfies the requirement tensorflow (from versions: none)
ERROR: No matching distribution found for tensorflow
"""  # noqa: E501


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (PIP_NONE, [("no-distribution", "tensorflow")]),
        (PIP_CONFLICT, [("conflict", "tensorflow")]),
        (UV_CONFLICT, [("conflict", None)]),
        (UV_NO_WHEEL, [("no-distribution", "tensorrt"), ("conflict", None)]),
        ("error: Failed to fetch: `https://mirror.example/simple/absl-py/`", [("failed", None)]),
        ("", [("failed", None)]),
    ],
)
def test_what_a_resolver_says_is_typed(text: str, kinds: list[tuple[str, str | None]]) -> None:
    found = [(each.kind, each.package) for each in resolve.conflicts(text)]
    assert found[: len(kinds)] == kinds


def test_a_plan_that_does_not_resolve_ends_with_1_and_says_why() -> None:
    found = resolve.resolved(a_plan(), True, None, Resolver(1, PIP_NONE))
    assert found.resolution is not None and found.exit_code == 1
    text = terminal.render(views.view(found), None)
    assert "pip cannot resolve it." in text and "No matching distribution" in text


#: What pip and uv say → the cause that it must end in.
FAILURES = {
    NO_NETWORK: "pip-network-blocked",
    "error: externally-managed-environment\n\n× This environment is externally managed\n": (
        "externally-managed-environment"
    ),
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n": "disk-full",
    "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: "
    "'/usr/lib/python3/dist-packages/x'\nConsider using the `--user` option or check the permissions.\n": (
        "pip-permission-denied"
    ),
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the "
    "package versions, please update the hashes.\n": "pip-download-corrupt",
    "Could not fetch URL https://mirror.example/simple/tensorflow/: There was a problem confirming the ssl "
    "certificate: HTTPSConnectionPool(host='mirror.example', port=443): Max retries exceeded with url: "
    "/simple/tensorflow/ (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] "
    "certificate verify failed: unable to get local issuer certificate')))\n": "pip-network-blocked",
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after "
    "connection broken by 'ProxyError('Cannot connect to proxy.', OSError('Tunnel "
    "connection failed: 407 Proxy Authentication Required'))': /simple/tensorflow/\n": "pip-network-blocked",
    "ERROR: tensorflow-2.20.0-cp312-cp312-win_amd64.whl is not a supported wheel on this platform.\n": (
        "wheel-tag-mismatch"
    ),
}


@pytest.mark.parametrize(("text", "cause"), FAILURES.items(), ids=FAILURES.values())
def test_an_installers_failure_ends_in_its_cause(text: str, cause: str) -> None:
    report = failed.explained(text, facts()).report
    named = [finding.rule.cause for finding in report.findings]
    assert named[:1] == [cause]
    assert report.findings[0].fixes


def test_long_paths_are_named_on_windows() -> None:
    text = (
        "ERROR: Could not install packages due to an OSError: [Errno 2] No such file or directory: "
        "'C:\\\\Users\\\\u\\\\AppData\\\\Local\\\\Packages\\\\PythonSoftwareFoundation.Python.3.11_qbz5n2kfra8p0\\\\"
        "LocalCache\\\\local-packages\\\\Python311\\\\site-packages\\\\tensorflow\\\\include\\\\external\\\\"
        "com_github_grpc_grpc\\\\src\\\\core\\\\ext\\\\filters\\\\client_channel\\\\lb_policy\\\\grpclb\\\\x.h'\n"
        "HINT: This error might have occurred since this system does not have Windows Long Path support "
        "enabled.\n"
    )
    report = failed.explained(text, facts(platform__system="Windows")).report
    assert [finding.rule.cause for finding in report.findings][:1] == ["windows-long-paths-disabled"]


# --- argument lists, wishes ----------------------------------------------------------------------


def test_what_an_installer_runs() -> None:
    pip, uv = Installer("pip", "python", "https://m.example/simple"), Installer("uv", "python")
    assert pip.install(["-pynvml", "numpy<2"], "--upgrade") == [
        ["python", "-m", "pip", "uninstall", "-y", "pynvml"],
        ["python", "-m", "pip", "install", "--index-url", "https://m.example/simple", "--upgrade", "numpy<2"],
    ]
    assert uv.install(["numpy<2"]) == [["uv", "pip", "install", "--python", "python", "numpy<2"]]
    assert uv.uninstall(["keras"]) == [["uv", "pip", "uninstall", "--python", "python", "keras"]]
    assert pip.uninstall([]) == []


def test_wishes() -> None:
    found = Wishes(("TensorFlow >=2.16", "tensorflow!=2.17.0", "numpy<2"))
    assert (found.tensorflow, found.others) == (">=2.16,!=2.17.0", ("numpy<2",))
    assert checked("tensorflow>=2.16,<2.20") == "tensorflow>=2.16,<2.20"
    for bad in ("tensorflow=2", ">=2", "tensorflow; python_version<'3.9'", ""):
        with pytest.raises(Wrong):
            checked(bad)
