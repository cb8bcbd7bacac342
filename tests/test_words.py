"""The language in use: every sentence has a Chinese one, and the compiled catalogue is the written one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from envcheck import words
from envcheck.catalog import words as catalogues
from envcheck.model import Text, Unknown

PACKAGE = Path(words.__file__).parent
PLACES = re.compile(r"\{\w+\}")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    words.use("en")
    yield
    words.use("en")


def test_english_is_said_as_it_stands() -> None:
    assert words.say("no answer within {seconds} s", seconds=10) == "no answer within 10 s"
    assert words.say("what nobody translated {x}", x="{y}") == "what nobody translated {y}"


def test_chinese_is_looked_up_and_filled_in() -> None:
    words.use("zh")
    assert words.language() == "zh"
    assert words.say("no answer within {seconds} s", seconds=10) == "10 秒内没有响应"
    assert words.say("what nobody translated {x}", x=1) == "what nobody translated 1"
    assert words.say("not run: {option}", option="--quick") == "未运行：--quick"


def test_a_value_that_is_a_sentence_is_translated_too() -> None:
    words.use("zh")
    assert words.say("cannot write {path}: {error}", path="/x", error="permission denied").endswith(
        "没有权限"
    )
    assert words.reason(Unknown("failed", "{error}", values={"error": ""})) == ""


def test_rules_texts_are_picked_by_language() -> None:
    text = Text("driver", "驱动")
    assert words.pick(text) == "driver"
    words.use("zh")
    assert words.pick(text) == "驱动"
    assert words.pick(Text("driver")) == "driver"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:zh:en"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "en_GB:zh"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "C.UTF-8", "LANGUAGE": "zh"}, "en"),
    ],
)
def test_the_locale_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert words.preferred(environment) == language


@pytest.mark.parametrize("language", words.LANGUAGES[1:])
def test_no_sentence_lacks_a_translation(language: str) -> None:
    """``python -m envcheck.catalog words`` takes new sentences into the .po file."""
    written = catalogues.read(language)
    said = {message.id for message in catalogues.sentences() if message.id}
    assert said - {message.id for message in written if message.string} == set()
    assert {message.id for message in written if message.id} - said == set(), "no longer said"
    assert not [message.id for message in written if message.fuzzy and message.id]


@pytest.mark.parametrize("language", words.LANGUAGES[1:])
def test_translations_have_the_same_places(language: str) -> None:
    for message in catalogues.read(language):
        if message.string:
            places = [sorted(PLACES.findall(str(text))) for text in (message.id, message.string)]
            assert places[0] == places[1], message.id


@pytest.mark.parametrize("language", words.LANGUAGES[1:])
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    words.use(language)
    for message in catalogues.read(language):
        if message.id:
            assert words.say(str(message.id)) == str(message.string)


def sentences(tree: ast.AST) -> Iterator[ast.expr]:
    """The arguments that must be constants: of say, mark, and the reason of NoAnswer."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            place = {"say": 0, "mark": 0, "NoAnswer": 1}.get(name)
            if place is not None and len(node.args) > place:
                yield node.args[place]


def test_sentences_are_constants_and_all_of_them_are_found() -> None:
    """An f-string cannot be looked up, and a ``say`` inside one is not found by the extraction."""
    found = {message.id for message in catalogues.sentences()}
    for path in PACKAGE.rglob("*.py"):
        if "inside" in path.parts:
            continue
        for argument in sentences(ast.parse(path.read_text("utf-8"))):
            assert not isinstance(argument, (ast.JoinedStr, ast.BinOp)), f"{path.name}:{argument.lineno}"
            if isinstance(argument, ast.Constant) and argument.value:
                assert argument.value in found, f"{path.name}:{argument.lineno}"


def test_an_english_start_loads_no_catalogue() -> None:
    import subprocess
    import sys

    program = "import sys, envcheck.words as w; w.use('en'); w.say('x'); print('gettext' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_catalogue_is_read_from_a_zip(tmp_path: Path) -> None:
    import shutil
    import subprocess
    import sys

    shutil.make_archive(str(tmp_path / "envcheck"), "zip", PACKAGE.parent, "envcheck")
    program = "import envcheck.words as w; w.use('zh'); print(ascii(w.say('training')))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "envcheck.zip")},
    )  # fmt: skip
    assert done.stdout.strip() == ascii("训练")
