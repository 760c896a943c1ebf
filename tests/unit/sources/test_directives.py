"""The settings that the log names are those of the files in ``deploy/``."""

import re
from pathlib import Path

import pytest

from wsgi_mtls.sources import PRESETS
from wsgi_mtls.sources.directives import TABLE, Directives

DEPLOY = Path(__file__).parents[3] / "deploy"
OTHER = Directives()
OWN = {
    *(OTHER.sends, OTHER.asks, OTHER.bundle, OTHER.rejects),
    *("the mesh's CA", "mTLS for the host", "the clients' CA"),
}
"""Words that do not belong to a setting."""


def test_every_preset_has_its_own() -> None:
    assert TABLE.keys() == PRESETS.keys() - {"rfc9440"}


@pytest.mark.parametrize("name", TABLE)
def test_deploy_has_them(name: str) -> None:
    folder, own = PRESETS[name].deploy, TABLE[name]
    if folder is None:
        return
    text = "".join(path.read_text() for path in sorted((DEPLOY / folder).iterdir()))
    for directive in {own.sends, own.asks, own.bundle, own.rejects} - OWN:
        # The first word: the rest is the header's name, or a value that the file leaves to its reader.
        word = re.sub(r"^a context with ", "", directive).split()[0].strip(";:")
        assert word in text, directive


@pytest.mark.parametrize("name", ["nginx", "apache", "haproxy", "caddy"])
def test_the_header_that_is_set(name: str) -> None:
    preset = PRESETS[name]
    assert TABLE[name].sets((preset.certificate_header,)) in re.sub(  # type: ignore[union-attr]
        " +", " ", "".join(path.read_text() for path in (DEPLOY / str(preset.deploy)).iterdir())
    )
