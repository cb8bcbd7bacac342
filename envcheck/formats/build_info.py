"""``tensorflow/python/platform/build_info.py``: what a wheel says that it was built for.

Its statements have had three forms (read in the wheels): flat names up to 2.2, a dict in 2.3, and
``build_info = collections.OrderedDict([(key, value), …])`` since.
"""

from __future__ import annotations

import ast

from ..model import Value


def parse(text: str) -> dict[str, Value]:
    """Key to value. Nothing is run; what is no literal is left out. Raises ValueError if it is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"not Python: {error.msg}") from None
    found: dict[str, Value] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            value = _literal(statement.value)
            found.update(value if isinstance(value, dict) else {statement.targets[0].id: value})
    return found


def _literal(node: ast.expr) -> Value:
    if isinstance(node, ast.Call) and len(node.args) == 1:
        value = _literal(node.args[0])
        return dict(value) if isinstance(value, list) else value
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def cuda(info: dict[str, Value]) -> str | None:
    """The CUDA version, ``"12.5.1"``; Windows wheels write ``"64_112"`` for 11.2."""
    version = info.get("cuda_version") or info.get("cuda_version_number")
    if not version:
        return None
    digits = str(version).removeprefix("64_")
    return f"{digits[:-1]}.{digits[-1]}" if digits != version and digits.isdigit() else str(version)


def cudnn(info: dict[str, Value]) -> str | None:
    """The cuDNN version, ``"9"``; Windows wheels write ``"64_8"``."""
    version = info.get("cudnn_version") or info.get("cudnn_version_number")
    return str(version).removeprefix("64_") if version else None


def compute(info: dict[str, Value]) -> list[str] | None:
    """What it has kernels for, ``["sm_60", "compute_90"]``; None where it does not say."""
    found = info.get("cuda_compute_capabilities")
    return [str(item) for item in found] if found else None


def is_cuda(info: dict[str, Value]) -> bool | None:
    """Whether it is a CUDA build; None where it does not say."""
    answer = info.get("is_cuda_build")
    return None if answer is None else bool(answer)
