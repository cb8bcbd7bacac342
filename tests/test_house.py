"""The structure: imports go one way, probes reach the machine through one door."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "envcheck"

#: Bottom-up: a module imports only what stands above it here (in the same line: only its own folder).
ORDER = [
    "model",
    "words",
    "own_files",
    "interrupts",
    "prefilter",
    "literals",
    "patterns",
    "redact",
    "formats",
    "host",
    "watch_command",
    "snapshot",
    "inside",
    "operators",
    "sieve",
    "blocks",
    "excerpt",
    "search",
    "tables",
    "compat",
    "conditions",
    "rule_file",
    "rulebook",
    "search_links",
    "interpreter",
    "command_python",
    "config",
    "hand_in",
    "requirements",
    "probes",
    "given",
    "places",
    "windows_commands",
    "match",
    "diagnose",
    "cause_page",
    "nouns",
    "examine",
    "changes",
    "history",
    "on_text",
    "explain",
    "install",
    "fleet",
    "issue",
    "schema",
    "locale",
    "views",
    "render",
    "notebook",
    "usage",
    "called",
    "cli",
    "catalog",
    "start",
    "__main__",
]
#: Modules that may not reach the machine themselves, and what they therefore may not import.
BEHIND_THE_DOOR = ("probes", "formats", "tables", "match", "diagnose", "requirements")
MACHINE = {"os", "sys", "platform", "shutil", "subprocess", "socket", "psutil", "pathlib", "glob", "ctypes"}


def files() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if "inside" not in p.parts]


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path, name: str | None, level: int) -> str | None:
    """The module of ours that an import names, as a dotted path below envcheck; None: foreign."""
    if level == 0:
        return name.partition(".")[2] if name and name.split(".")[0] == "envcheck" else None
    package = path.relative_to(PACKAGE).parent.parts
    base = package[: len(package) - (level - 1)]
    return ".".join([*base, *([name] if name else [])])


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = imported(path, node.module, node.level)
            if base is not None:
                found += [base] if base else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [ours for alias in node.names if (ours := imported(path, alias.name, 0))]
    return [name for name in found if name and name != "__version__"]


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        return
    assert own in ORDER, f"{own} has no place in ORDER yet"
    for name in imports(path):
        other = name.split(".")[0]
        assert other == own or other in ORDER[: ORDER.index(own)], f"{own} may not import {name}"


@pytest.mark.parametrize(
    "path", [p for p in files() if room(p) in BEHIND_THE_DOOR], ids=lambda p: str(p.relative_to(ROOT))
)
def test_probes_reach_the_machine_through_the_host(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        assert not MACHINE & {name.split(".")[0] for name in names}, f"{path.name} imports {names}"


def test_nothing_in_the_product_imports_tensorflow() -> None:
    for path in files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert not {"tensorflow", "keras"} & {a.name.split(".")[0] for a in node.names}, path


def test_the_views_know_no_format_and_the_renderers_no_noun() -> None:
    formats = {"html", "rich", "json", "csv"}
    for path in (PACKAGE / "views").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            assert not formats & {n.split(".")[0] for n in names}, path


def test_every_package_is_named_in_setup_cfg() -> None:
    setup = (ROOT / "setup.cfg").read_text("utf-8")
    for init in PACKAGE.rglob("__init__.py"):
        package = ".".join(init.parent.relative_to(ROOT).parts)
        assert f"    {package}\n" in setup, package


def test_nothing_names_this_workplace() -> None:
    """Registry hosts and absolute paths of a developer's machine have no place in the product."""
    hosts = ["pypi" + ".org", "python" + "hosted.org", "deb." + "debian.org", "registry." + "npmjs.org"]
    hosts += ["/work" + "/", "/root/." + "pyenv", "/tmp/" + "envs"]
    suffixes = {".py", ".toml", ".cfg", ".md", ".csv", ".yml", ".json", ".txt", ""}
    for path in _tracked():
        if path.suffix in suffixes and path.is_file():
            text = path.read_text("utf-8", "replace")
            for host in hosts:
                assert host not in text, f"{path.relative_to(ROOT)} names {host}"


def _tracked() -> list[Path]:
    import subprocess

    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
