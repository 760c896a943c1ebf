"""The settings that every adapter has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import dotted
from tests.tokens import Issuer
from wsgi_mtls import Verifier, sources
from wsgi_mtls.clients.jwks_uri import KeySets
from wsgi_mtls.config import SETTINGS, InvalidSettings, Settings, make_guard, misspelt, read_settings, risks
from wsgi_mtls.guard import MAX_BODY
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.tokens import DPoP

GOOD: dict[str, Any] = {"SOURCE": "nginx", "TRUSTED_PROXIES": ["127.0.0.1"]}


def problems(given: Mapping[str, object], **options: Any) -> list[str]:
    """Return the names of the settings that are wrong, each as often as there is a problem."""
    try:
        make_guard({"CLIENTS": {}, **given}, **options)
    except InvalidSettings as error:
        return [problem.name for problem in error.problems]
    return []


def test_defaults() -> None:
    read = read_settings(GOOD)
    assert isinstance(read, Settings)
    assert set(read.allowed_methods) == {"tls_client_auth", "self_signed_tls_client_auth"}
    assert (read.self_signed_match, read.verbosity, read.max_body) == ("public_key", "normal", MAX_BODY)
    assert (read.tokens, read.realm, read.observers) == (None, None, ())
    assert read_settings({**dict.fromkeys(SETTINGS), **GOOD, "OF": "others"}).verbosity == "normal"


@pytest.mark.parametrize(("name", "value", "says"), [
    ("SOURCE", None, "missing"),
    ("SOURCE", "apache2", "is apache meant"),
    ("SOURCE", 7, "Give a preset's name"),
    ("TRUSTED_PROXIES", None, "needs trusted_proxies"),
    ("TRUSTED_PROXIES", ["nowhere"], "nowhere"),
    ("ALLOWED_METHODS", "tls_client_auth", "must be a list among"),
    ("ALLOWED_METHODS", [], "must be a list among"),
    ("ALLOWED_METHODS", 7, "must be a list among"),
    ("ALLOWED_METHODS", [["none"]], "must be a list among"),
    ("SELF_SIGNED_MATCH", "name", 'must be "public_key" or "certificate"'),
    ("KEY_SETS", True, "Give a dict of KeySets' options"),
    ("KEY_SETS", ["10.0.0.0/8"], "Give a dict of KeySets' options"),
    ("KEY_SETS", {"allowed_network": []}, "allowed_network"),
    ("KEY_SETS", {"allowed_networks": ["10.0.0.1/8"]}, "host bits"),
    ("KEY_SETS", {"timeout": 1}, "connect_timeout"),
    ("KEY_SETS", {"ca_file": "/nowhere"}, "No such file"),
    ("TOKENS", "https://as.example.com", "an object with decode"),
    ("DPOP", "https://api.example.com", "without TOKENS"),
    ("DPOP", {"base_url": "https://api.example.com"}, "without TOKENS"),
    ("REALM", 'a"b', "printable ASCII"),
    ("REALM", 7, "printable ASCII"),
    ("VERBOSITY", ["debug"], "must be one of debug"),
    ("MAX_BODY", True, "must be a number of octets"),
    ("MAX_BODY", 0, "must be a number of octets"),
    ("MAX_CERTIFICATE", "16384", "must be a number of octets"),
    ("MAX_CERTIFICATE", 65537, "at most 65536"),
])  # fmt: skip
def test_one_that_is_wrong(name: str, value: object, says: str) -> None:
    with pytest.raises(InvalidSettings, match=says) as caught:
        read_settings({**GOOD, name: value})
    (problem,) = caught.value.problems
    assert problem.name == name
    assert str(caught.value) == f"{name} {problem.text}"
    assert problems(GOOD) == []


@pytest.mark.parametrize(("value", "says"), [
    ("https://api.example.com", "must be a DPoP"),
    ({"base_url": "http://api.example.com"}, "https"),
    ({"url": "https://api.example.com"}, "url"),
])  # fmt: skip
def test_dpop_that_is_wrong(value: object, says: str) -> None:
    with pytest.raises(InvalidSettings, match=f"DPOP .*{says}"):
        read_settings({**GOOD, "TOKENS": Tokens(), "DPOP": value})


def test_dpop() -> None:
    assert read_settings(GOOD).dpop is None
    tokens = Issuer().tokens()
    alone = read_settings({**GOOD, "TOKENS": tokens, "DPOP": {"base_url": "https://api.example.com", "window": 5}})
    assert isinstance(alone.dpop, DPoP)
    assert alone.dpop.base_url == "https://api.example.com"
    assert [risk.name for risk in risks(alone, debug=False)] == ["DPOP"]
    own = DPoP("https://api.example.com", store=MemoryStore(evicts=False))
    shared = read_settings({**GOOD, "TOKENS": tokens, "DPOP": own})
    assert shared.dpop is own
    assert risks(shared, debug=False) == []


def test_key_sets() -> None:
    assert read_settings(GOOD).key_sets is None
    made = read_settings({**GOOD, "KEY_SETS": {}}).key_sets
    assert isinstance(made, KeySets)
    assert read_settings({**GOOD, "KEY_SETS": made}).key_sets is made
    for given, fetches in (({"KEY_SETS": {"any_port": True}}, True), ({}, False)):
        _, guard = make_guard({**GOOD, "CLIENTS": {}, **given})
        assert (guard.needed_verifier().key_sets is not None) is fetches


def test_all_that_is_wrong() -> None:
    wrong = {
        "SOURCE": "nginx", "CLIENTS": {"a": 7}, "ALLOWED_METHODS": ["none"], "SELF_SIGNED_MATCH": "name", "TRUST": 7,
        "TRUST_EITHER": True, "KEY_SETS": {"timeout": -1}, "TOKENS": 7, "OBSERVERS": 7, "REALM": 7, "VERBOSITY": "loud",
        "MAX_BODY": "1",
        "MAX_CERTIFICATE": "1",
    }  # fmt: skip
    # TRUSTED_PROXIES is missing, and TRUST_EITHER is right once TRUST is.
    assert sorted(problems(wrong)) == sorted({*wrong, "TRUSTED_PROXIES"} - {"SOURCE", "TRUST_EITHER"})


def test_misspelt_names() -> None:
    def said(*names: str, others: bool) -> list[str]:
        return [str(problem) for problem in misspelt(names, SETTINGS, others=others)]

    assert said("SOURCE", "VERBOSTIY", others=True) == ["VERBOSTIY is not a setting: did you mean VERBOSITY?"]
    assert said("BROKER_PORT", others=True) == []
    (other,) = said("BROKER_PORT", others=False)
    assert other.startswith("BROKER_PORT is not a setting: the settings are ALLOWED_METHODS, DPOP, KEY_SETS, ")


def test_risks() -> None:
    for given, debug, names in (
        (GOOD, False, []),
        ({**GOOD, "VERBOSITY": "debug"}, True, []),
        ({**GOOD, "VERBOSITY": "debug"}, False, ["VERBOSITY"]),
        ({**GOOD, "TRUSTED_PROXIES": "any"}, False, ["TRUSTED_PROXIES"]),
    ):
        assert [risk.name for risk in risks(read_settings(given), debug=debug)] == names


def test_verifier_of_ones_own() -> None:
    own = Verifier({})
    given = {**GOOD, "SELF_SIGNED_MATCH": "certificate"}
    assert make_guard(GOOD, verifier=own)[1].verifier is own
    assert make_guard({**given, "CLIENTS": {}}, verifier=own)[1].verifier is not own
    assert problems({**given, "CLIENTS": None}, verifier=own) == ["SELF_SIGNED_MATCH"]
    assert problems({**given, "CLIENTS": None}) == ["SELF_SIGNED_MATCH"]


def test_verifier_of_ones_own_that_a_source_of_names_serves() -> None:
    source = sources.subject_header("XDN", kind="tls_client_auth_subject_dn", verified=True, trusted_proxies=["::1"])
    own = Verifier({}, allowed_methods=["tls_client_auth"])
    assert problems({"SOURCE": source, "CLIENTS": None}, verifier=own) == []
    assert problems({"SOURCE": source, "CLIENTS": None}, verifier=Verifier({})) == ["SOURCE"]


def test_dotted_paths() -> None:
    read, guard = make_guard({**dotted.SETTINGS, "CLIENTS": "tests.dotted.clients"})
    assert (read.source, read.key_sets) == (dotted.source, dotted.key_sets)
    assert guard.needed_verifier().client("billing") is dotted.clients.get("billing")
    assert read.trust is dotted.trust
    assert guard.tokens is dotted.tokens
    assert guard.reporter.observers == (dotted.observer,)
    assert isinstance(read_settings({**GOOD, "KEY_SETS": {"store": "tests.dotted.store"}}).key_sets, KeySets)


@pytest.mark.parametrize("path", dotted.NOWHERE)
@pytest.mark.parametrize("name", ["CLIENTS", *dotted.SETTINGS])
def test_dotted_path_that_names_nothing(name: str, path: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        make_guard({"SOURCE": "mod_ssl", "CLIENTS": {}, name: [path] if name == "OBSERVERS" else path})
    (problem,) = caught.value.problems
    assert problem.name == name
    assert problem.text.startswith(dotted.refused(path))
    assert problem.text.endswith("Write package.module.name.")


def test_files_are_not_dotted_paths(tmp_path: Path) -> None:
    (tmp_path / "os.path").write_text("{}")
    assert make_guard({"SOURCE": "mod_ssl", "CLIENTS": "os.path"}, str(tmp_path))[1].verifier is not None
    for name, path in (("CLIENTS", "clients.json"), ("TRUST", "ca.pem")):
        with pytest.raises(InvalidSettings, match="No such file"):
            make_guard({"SOURCE": "mod_ssl", "CLIENTS": {}, name: path}, str(tmp_path))


class Tokens:
    def decode(self, token: str, /) -> dict[str, object]:
        return {}


def test_a_class_where_an_object_belongs() -> None:
    assert problems({**GOOD, "TOKENS": Tokens}) == ["TOKENS"]
    assert problems({**GOOD, "TOKENS": Tokens()}) == []


def test_preset_where_a_source_belongs() -> None:
    """Its function makes a source and is none: every request would fail."""
    assert problems({"SOURCE": sources.nginx}) == ["SOURCE"]
    assert problems({"SOURCE": sources.nginx(trusted_proxies=["127.0.0.1"])}) == []
    assert problems({"SOURCE": lambda environ: None}) == []


@pytest.mark.parametrize("source", [sources.mod_ssl(), {"preset": "nginx", "trusted_proxies": ["::1"]}])
def test_trusted_proxies_beside_a_source_that_has_its_own(source: object) -> None:
    with pytest.raises(InvalidSettings, match=r"TRUSTED_PROXIES .*remove one"):
        read_settings({"SOURCE": source, "TRUSTED_PROXIES": ["::1"]})


def test_a_name_alone_serves_neither_self_signed_clients_nor_tokens() -> None:
    source = sources.subject_header("XDN", kind="tls_client_auth_subject_dn", verified=True, trusted_proxies=["::1"])
    pki: dict[str, Any] = {"SOURCE": source, "ALLOWED_METHODS": ["tls_client_auth"]}
    assert problems(pki) == []
    assert problems({"SOURCE": source}) == ["SOURCE"]
    assert problems({**pki, "TOKENS": Tokens()}) == ["SOURCE"]
