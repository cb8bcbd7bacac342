"""A module as it stands in ``envcheck.pyz``: without what only its readers need.

Its code is left letter by letter, and in its line, as it is: what runs is what its makers wrote, and a
traceback names the line where that stands.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from typing import Union, get_args

_Documented = Union[ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef]


def bare(source: bytes, docstrings: bool = False) -> bytes:
    """``source`` (UTF-8) with empty lines for those that hold nothing but a comment, and for docstrings
    unless they are to stay (``docstrings``)."""
    text = source.decode("utf-8")
    lines = text.splitlines(keepends=True)
    for number in _comments(text):
        lines[number - 1] = "\n"
    for node in () if docstrings else _documented(ast.parse(text)):
        first, last = node.body[0].lineno, node.body[0].end_lineno or 0
        indent = lines[first - 1][: node.body[0].col_offset]
        if indent.strip() or not _ends_there(lines[last - 1]):
            continue  # other code shares its lines
        instead = f"{indent}pass\n" if len(node.body) == 1 else "\n"
        lines[first - 1 : last] = [instead, *["\n"] * (last - first)]
    return "".join(lines).encode("utf-8")


def _comments(text: str) -> Iterator[int]:
    """The lines that are comments; the first two may tell the encoding, and stay."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#") and token.start[0] > 2:
            yield token.start[0]


def _documented(tree: ast.Module) -> Iterator[_Documented]:
    for node in ast.walk(tree):
        if isinstance(node, get_args(_Documented)) and ast.get_docstring(node, clean=False) is not None:
            yield node


def _ends_there(line: str) -> bool:
    return line.rstrip().endswith(('"', "'"))
