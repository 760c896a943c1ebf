"""No row of ATTACKS.md is lost, and each test that plays one exists."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from .coverage import ALL, COVERAGE, NOT_BUILT
from .table import ROWS

ROOT = Path(__file__).parents[2]


@cache
def names_of_tests(file: str) -> frozenset[str]:
    """Return the names of a file's test functions."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = (node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(name for name in found if name.startswith("test_"))


def named(tables: Iterable[Iterable[str]]) -> list[str]:
    return sorted({test for tests in tables for test in tests})


def test_every_row_is_played() -> None:
    everything = {row.number for row in ROWS} | COVERAGE.keys() | NOT_BUILT.keys()
    assert everything == set(range(1, ALL + 1))
    assert not NOT_BUILT.keys() & COVERAGE.keys()


@pytest.mark.parametrize("test", named(COVERAGE.values()))
def test_each_test_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert name in names_of_tests(file)
