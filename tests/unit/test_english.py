"""What people read (docs, messages, docstrings, comments, templates, configuration) keeps clear of some odd phrases."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ODD = re.compile(
    r"\bis no |\bstands\b|belongs here|\bdoes not do\b|can't be had|\blets? out\b|\blets? in\b|\bwho has it\b"
    r"|\bwhom it\b|\blikewise\b|\bas there\b|\bnobody's\b|\banybody's\b|\bwhoever\b|\bsays of\b|\bsays by\b"
    r"|\bnobody (?:asks|has|knows|looks)\b|\bserves? once\b|\bgoes before\b|\bgets in\b|\bstays? away\b"
    r"|\b(?:somebody|everybody's|these very|tells? whether|knows? none|who asks|from whom|whose (?:it|they)\b)"
    r"|\b(?:logs?|means|belongs to) nobody\b|\bnobody here\b|\bset that too\b|\bcan't say\b|\bwhat (?:it|they) says?\b"
    r"|\bof its own making\b|\bthe very certificate\b|\bunless told\b|\bis told (?:nothing|of|so)\b",
    re.IGNORECASE,
)
READ = {".py", ".md", ".html", ".txt", ".conf", ".cfg", ".yaml", ".yml", ".toml", ".js", ".css"}
FOLDERS = ("docs", "deploy", "examples", "integrations", "wsgi_mtls")


def odd_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if ODD.search(line)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_of(folder):
    pages = [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in READ]
    found = {str(path.relative_to(ROOT)): odd_lines(path.read_text(encoding="utf-8")) for path in pages}
    assert pages
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_pages_at_the_root():
    assert {page.name: odd for page in ROOT.glob("*.md") if (odd := odd_lines(page.read_text(encoding="utf-8")))} == {}


def test_odd_phrases_are_found():
    assert odd_lines("A token is no certificate.\nWhat stands there.\nThe rest is fine.") == [
        "A token is no certificate.",
        "What stands there.",
    ]


QUESTION = re.compile(r"(?:From whom|How|What|When|Where|Whether|Who|Whom|Whose|Why)\b")


@pytest.mark.parametrize("folder", ["integrations", "wsgi_mtls"])
def test_modules_are_described_and_not_asked_about(folder):
    modules = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / folder).rglob("*.py"))}
    described = {str(path.relative_to(ROOT)): ast.get_docstring(tree) or "" for path, tree in modules.items()}
    assert {name: text for name, text in described.items() if QUESTION.match(text)} == {}
    public = {
        f"{path.relative_to(ROOT)}: {node.name}": ast.get_docstring(node) or ""
        for path, tree in modules.items()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    assert {name: text for name, text in public.items() if QUESTION.match(text)} == {}


DESCRIBED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def long_first_lines(text: str) -> list[str]:
    docstrings = [ast.get_docstring(node) for node in ast.walk(ast.parse(text)) if isinstance(node, DESCRIBED)]
    first_lines = [docstring.splitlines()[0] for docstring in docstrings if docstring]
    return [line for line in first_lines if len(line) >= 80]


@pytest.mark.parametrize("folder", ["benchmarks", "examples", "integrations", "wsgi_mtls"])
def test_first_lines_of_docstrings_are_under_80_characters(folder):
    modules = sorted((ROOT / folder).rglob("*.py"))
    found = {str(path.relative_to(ROOT)): long_first_lines(path.read_text(encoding="utf-8")) for path in modules}
    assert modules
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_long_first_lines_are_found():
    short, long = "x" * 79, "x" * 80
    assert long_first_lines(
        f'"""{short}"""\nclass A:\n    def b(self):\n        """{long}\n\n        More.\n        """'
    ) == [long]
