"""The table of presets: what people read of it is true and up to date."""

import pydoc
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sources.captures import CLIENT, HERE, HYPHENS, SECRET, environ, found
from wsgi_mtls import sources
from wsgi_mtls.sources import PRESETS, from_config
from wsgi_mtls.sources.header_preset import HeaderPreset

ROOT = Path(__file__).parents[3]
TABLE = runpy.run_path(str(ROOT / "docs" / "sources_table.py"))
HEADER_PRESETS = [preset for preset in PRESETS.values() if isinstance(preset, HeaderPreset)]


def test_the_documentation_is_up_to_date() -> None:
    assert TABLE["PAGE"].read_text() == TABLE["page"](), "Run python docs/sources_table.py."


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_help_shows_the_line_and_where_to_look(preset: Any) -> None:
    text = " ".join(re.sub(".\x08", "", pydoc.render_doc(preset)).split())
    assert preset.name in text
    assert "docs/sources.md" in text
    assert preset.self_signed.replace("`", "") in text
    if preset.deploy:
        assert f"deploy/{preset.deploy}" in text
        configuration = "".join(file.read_text() for file in (ROOT / "deploy" / preset.deploy).iterdir())
        assert f"sources.{preset.name}(" in configuration
    for option in preset.options:
        assert option in text


@pytest.mark.parametrize("preset", HEADER_PRESETS, ids=lambda preset: preset.name)
def test_default_headers_are_set_by_the_configuration(preset: HeaderPreset) -> None:
    if preset.deploy:
        configuration = "".join(file.read_text() for file in (ROOT / "deploy" / preset.deploy).iterdir())
        if preset.elements:  # Envoy's own header: the directive names what is in it
            assert "set_current_client_cert_details" in configuration
        else:
            assert preset.certificate_header.lower() in configuration.lower()


@pytest.mark.parametrize("preset", HEADER_PRESETS, ids=lambda preset: preset.name)
def test_a_preset_with_hyphens_names_who_drops_underscores(preset: HeaderPreset) -> None:
    """``underscores_dropped=True`` is the operator's word; the table names what makes it true."""
    if "-" in preset.certificate_header:
        assert "gunicorn" in preset.duty or "headers_with_underscores_action" in preset.duty


def test_every_preset_is_importable_by_its_name() -> None:
    assert all(getattr(sources, name) is preset and name in sources.__all__ for name, preset in PRESETS.items())


def test_old_names_of_presets_and_options_are_accepted() -> None:
    assert sources.environ is sources.mod_ssl
    mod_ssl = environ("mod_ssl-mod_wsgi", "ca_signed_with_chain")
    assert found(from_config("environ"), mod_ssl) == found(sources.mod_ssl(), mod_ssl)
    assert sources.nginx(certificate="XCert", **HERE).keys == {"HTTP_XCERT"}
    assert sources.ingress_nginx(certificate="A", verify="B", **HERE).keys == {"HTTP_A", "HTTP_B"}
    assert "HTTP_P" in sources.gcp_load_balancer(present="P", **SECRET).keys
    with pytest.raises(ValueError, match="certificate_header is given twice"):
        sources.nginx(certificate="XCert", certificate_header="XCert", **HERE)
    with pytest.raises(ValueError, match="no option 'verify'"):
        sources.nginx(verify="XClientVerify", **HERE)


def test_a_chain_in_one_header_or_several() -> None:
    chain = environ("rfc9440", "ca_signed_with_chain")["HTTP_CLIENT_CERT_CHAIN"]
    first, second = re.split(", ?", chain)
    certificate = environ("rfc9440", "ca_signed_with_chain")["HTTP_CLIENT_CERT"]
    came = {"REMOTE_ADDR": "127.0.0.1", "HTTP_CLIENT_CERT": certificate, "HTTP_A": first, "HTTP_B": second}
    for names, length in ((["A", "B"], 2), ("A", 1), (None, 0), ([], 0)):
        seen = found(sources.rfc9440(chain=names, **HYPHENS), came)
        assert seen is not None
        assert (seen[0], len(seen[1])) == (CLIENT, length)
