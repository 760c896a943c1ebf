"""Errors are part of the interface: stable reasons, OAuth codes, HTTP status, and the values that a rule compared."""

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import wsgi_mtls
from wsgi_mtls import errors
from wsgi_mtls.errors import REASONS, MutualTLSError
from wsgi_mtls.trust import openssl, terminator

ROOT = Path(__file__).parents[2]
FAMILIES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, MutualTLSError)]
NAMES = {family.__name__ for family in FAMILIES}


def code() -> Iterator[ast.AST]:
    """Every node of the package and its adapters."""
    for folder in ("wsgi_mtls", "integrations"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from ast.walk(ast.parse(path.read_text(), str(path)))


def texts(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def raised() -> set[str]:
    """The reasons that the code gives to its errors."""
    found = {family.default_reason for family in FAMILIES} | set(openssl.REFUSALS.values())
    found |= set(terminator.SPECIFIC.values())
    for node in code():
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in NAMES:
            for keyword in node.keywords:
                if keyword.arg == "reason":
                    value = keyword.value.body if isinstance(keyword.value, ast.IfExp) else keyword.value
                    if ast.unparse(value) in ("REFUSALS.get(code)", "SPECIFIC[text]"):
                        continue  # tables, whose values count
                    assert isinstance(value, ast.Constant), ast.unparse(node)
                    found |= texts(value) | texts(getattr(keyword.value, "orelse", value))
    return found


def compared() -> set[str]:
    """The reasons that the code compares an error's reason with."""
    found: set[str] = set()
    for node in code():
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == "reason":
            found |= texts(ast.Tuple(node.comparators))
    return found


def test_the_table_has_what_the_code_raises_and_no_more() -> None:
    assert raised() == set(REASONS)


def test_the_code_compares_reasons_of_the_table_only() -> None:
    assert {"missing_token", "body_too_large"} < compared() <= set(REASONS)


def test_the_families() -> None:
    assert {
        "MutualTLSError", "NoCertificate", "BadCertificate", "UntrustedPath", "RefusedClient", "InvalidToken",
        "InvalidRequest",
        "InvalidMetadata", "InvalidClientMetadata", "InvalidServerMetadata",
    } == NAMES  # fmt: skip
    public = {name for name in wsgi_mtls.__all__ if name in NAMES}
    assert public == {"MutualTLSError", "InvalidClientMetadata", "InvalidToken"}
    assert sorted(wsgi_mtls.__all__) == wsgi_mtls.__all__


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason(reason: str) -> None:
    entry = REASONS[reason]
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", reason)
    assert re.fullmatch(r"([a-z]+(_[a-z]+)*)?", entry.error)
    assert 400 <= entry.status < 600
    assert entry.text.endswith(".")
    error = MutualTLSError(reason=reason)
    assert (str(error), error.message, error.error, error.status) == (entry.text, entry.text, entry.error, entry.status)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family(family: type[MutualTLSError]) -> None:
    error = family("what to do")
    default = REASONS[family.default_reason]
    assert (error.message, str(error)) == ("what to do", "what to do")
    assert (error.reason, error.error, error.status) == (family.default_reason, default.error, default.status)
    assert (error.expected, error.found, error.reported) == (None, None, False)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_reason_of_an_application_has_code_and_status_of_the_family(family: type[MutualTLSError]) -> None:
    error, default = family("no", reason="not_on_sundays"), family("no")
    assert (error.reason, error.error, error.status) == ("not_on_sundays", default.error, default.status)


@pytest.mark.parametrize("family", FAMILIES)
def test_pickle(family: type[MutualTLSError]) -> None:
    error = family("no", reason="not_on_sundays", expected="a", found=("b", "c"))
    error.reported = True
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is family
    assert (str(copy), vars(copy)) == ("no", vars(error))


def test_a_long_text_of_a_caller_is_cut() -> None:
    error = MutualTLSError("x" * 5000, found=("y" * 5000,) * 50, expected="z" * 5000)
    assert len(error.message) == 1001
    assert error.expected == "z" * 200 + "…"
    assert error.found == ("y" * 200 + "…",) * 20


def test_value_errors() -> None:
    """What reads a certificate, a name or metadata from a text raises a ValueError, as Python's own parsers do."""
    found = {family.__name__ for family in FAMILIES if issubclass(family, ValueError)}
    assert found == {
        "BadCertificate",
        "UntrustedPath",
        "InvalidMetadata",
        "InvalidClientMetadata",
        "InvalidServerMetadata",
    }


def test_the_page_of_reasons() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+)(?: `(\w+)`)? \| (.+) \|$", (ROOT / "docs" / "reasons.md").read_text(), re.MULTILINE
    )
    assert rows == [(name, str(entry.status), entry.error, entry.text) for name, entry in REASONS.items()]


EXPECTED = {
    "no_certificate": ("invalid_client", 401),
    "certificate_expired": ("invalid_client", 401),
    "certificate_not_yet_valid": ("invalid_client", 401),
    "chain_not_verified": ("invalid_client", 401),
    "certificate_unreadable": ("invalid_client", 401),
    "critical_extension": ("invalid_client", 401),
    "registered_as_self_signed": ("invalid_client", 401),
    "self_signed_certificate": ("invalid_client", 401),
    "not_for_client_auth": ("invalid_client", 401),
    "subject_mismatch": ("invalid_client", 401),
    "certificate_not_registered": ("invalid_client", 401),
    "jwks_unavailable": ("invalid_client", 401),
    "unknown_client": ("invalid_client", 401),
    "unidentified_client": ("invalid_client", 401),
    "auth_method_not_registered": ("invalid_client", 401),
    "auth_method_not_allowed": ("invalid_client", 401),
    "invalid_client_metadata": ("invalid_client", 401),
    "malformed_certificate": ("invalid_request", 400),
    "certificate_too_large": ("invalid_request", 400),
    "malformed_name": ("invalid_request", 400),
    "invalid_request": ("invalid_request", 400),
    "multiple_credentials": ("invalid_request", 400),
    "missing_client_id": ("invalid_request", 400),
    "repeated_client_id": ("invalid_request", 400),
    "malformed_client_id": ("invalid_request", 400),
    "client_id_in_query": ("invalid_request", 400),
    "unsupported_content_type": ("invalid_request", 400),
    "malformed_body": ("invalid_request", 400),
    "malformed_path": ("invalid_request", 400),
    "body_too_large": ("invalid_request", 413),
    "body_length_required": ("invalid_request", 411),
    "http_method_not_allowed": ("invalid_request", 405),
}


def test_reasons_are_stable() -> None:
    assert {reason: (REASONS[reason].error, REASONS[reason].status) for reason in EXPECTED} == EXPECTED
