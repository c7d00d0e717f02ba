"""The answers to the ASVS name tests that exist, and every requirement is answered once."""

import ast
import re
from collections import Counter
from functools import cache

import pytest

from tests.conftest import PROJECT

TEXT = (PROJECT / "docs" / "asvs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+) \| (.*) \| (.*) \|$", re.MULTILINE)
ROWS = ROW.findall(TEXT)
#: So many requirements has version 5.0.0 at each level.
AT_LEVEL = {"1": 70, "2": 183}
KINDS = ("met", "not applicable", "**not met**")
NAMED = sorted({row[4].strip("`") for row in ROWS if row[4]})


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def kind_of(answer: str) -> str:
    return answer.partition(":")[0]


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert function.startswith("test_")
    assert function in functions(path)


def test_every_requirement_is_answered_once() -> None:
    numbers = Counter(number for number, *_ in ROWS)
    assert set(numbers.values()) == {1}
    assert Counter(level for _, level, *_ in ROWS) == AT_LEVEL
    assert len(re.findall(r"^\| \d", TEXT, re.MULTILINE)) == len(ROWS)


def test_an_answer_is_one_of_three_and_gives_its_reason() -> None:
    for number, _, _, answer, shown in ROWS:
        assert kind_of(answer) in KINDS, number
        if kind_of(answer) != "met" or not shown:
            assert answer.partition(": ")[2], number


def test_the_sums_are_those_of_the_rows() -> None:
    for level, count in AT_LEVEL.items():
        found = Counter(kind_of(answer) for _, at, _, answer, _ in ROWS if at == level)
        cells = [str(count), *(str(found[kind]) for kind in KINDS)]
        assert f"| level {level} | {' | '.join(cells)} |" in TEXT
    open_points = [number for number, *_, answer, _ in ROWS if kind_of(answer) == KINDS[2]]
    told = (PROJECT / "SECURITY.md").read_text(encoding="utf-8").partition("## ASVS")[2]
    assert set(re.findall(r"\d+\.\d+\.\d+", told.partition("\n## ")[0])) - {"5.0.0"} == set(
        open_points
    )


def test_every_library_is_pinned_by_hash() -> None:
    text = (PROJECT / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if re.match(r"[a-z]", line)]
    assert len(pins) > 20
    assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)
