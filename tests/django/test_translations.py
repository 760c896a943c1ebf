"""The languages that are shipped: complete, compiled, and with the plurals of Django's own texts."""

import ast
import gettext
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation

from django_mtls.admin.words import ago, expiry

from .registrations import LIST, browser
from .support import register

ROOT = Path(__file__).parents[2] / "integrations" / "django_mtls"
LANGUAGES = ("de", "es", "fr")
_CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}


def catalog(language: str, suffix: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / f"django{suffix}"


def entries(language: str) -> Iterator[dict[str, str]]:
    """Read a ``.po``: the texts of each entry by their keyword."""
    for block in catalog(language, ".po").read_text().split("\n\n"):
        entry: dict[str, str] = {}
        keyword = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            name, quote, rest = line.partition('"')
            keyword = name.strip() or keyword
            entry[keyword] = entry.get(keyword, "") + ast.literal_eval(quote + rest)
        yield entry


def marked() -> set[str]:
    """Return every text of the code and the templates that is marked to be translated."""
    found: set[str] = set()
    for module in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
                text = ast.literal_eval(node.args[0])  # fails where a text is put together, which no catalog has
                assert isinstance(text, str)
                found.add(text)
    for template in (ROOT / "templates").rglob("*.html"):
        html = template.read_text()
        found |= set(re.findall(r'{% translate "([^"]+)"', html))
        for text in re.findall(r"{% blocktranslate [^%]*%}(.*?){% endblocktranslate %}", html):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", text))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_text_is_translated_and_none_else(language: str) -> None:
    translated = {entry["msgid"] for entry in entries(language) if entry["msgid"]}
    assert len(translated) > 100
    assert translated == marked()
    empty = [entry["msgid"] for entry in entries(language) for text in entry.values() if not text and entry["msgid"]]
    assert empty == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalog_is_of_the_same_texts(language: str) -> None:
    with catalog(language, ".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in entries(language):
        if not entry["msgid"]:
            continue
        if "msgid_plural" in entry:
            one, several = (compiled.ngettext(entry["msgid"], entry["msgid_plural"], number) for number in (1, 5))
            assert (one, several) == (entry["msgstr[0]"], entry["msgstr[1]"])
        else:
            assert compiled.gettext(entry["msgid"]) == entry["msgstr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language: str) -> None:
    """A lost or new one would be a KeyError on the page."""
    for entry in entries(language):
        texts = [text for keyword, text in entry.items() if keyword.startswith("msgstr") and entry["msgid"]]
        for text in texts:
            placeholders = (sorted(re.findall(r"%(?:\(\w+\))?[sd]", each)) for each in (entry["msgid"], text))
            assert len({tuple(each) for each in placeholders}) == 1, entry


@pytest.mark.parametrize(("language", "days", "ahead", "back", "expired"), [
    ("en", 1, "in 1 day", "1 day ago", "expired 1 day ago"),
    ("en", 5, "in 5 days", "5 days ago", "expired 5 days ago"),
    ("de", 1, "in 1 Tag", "vor 1 Tag", "vor 1 Tag abgelaufen"),
    ("de", 5, "in 5 Tagen", "vor 5 Tagen", "vor 5 Tagen abgelaufen"),
    ("es", 1, "en 1 día", "hace 1 día", "caducado hace 1 día"),
    ("es", 5, "en 5 días", "hace 5 días", "caducado hace 5 días"),
    ("fr", 1, "dans 1 jour", "il y a 1 jour", "expiré il y a 1 jour"),
    ("fr", 5, "dans 5 jours", "il y a 5 jours", "expiré il y a 5 jours"),
])  # fmt: skip
def test_plural_of_days(language: str, days: int, ahead: str, back: str, expired: str) -> None:
    now = timezone.now()
    with translation.override(language):
        assert expiry(now + timedelta(days=days, hours=1))[0] == ahead
        assert ago(now - timedelta(days=days, hours=1)) == back
        assert expiry(now - timedelta(days=days, hours=1))[0] == expired


@pytest.mark.parametrize(("language", "column", "title"), [
    ("de", "Registriert durch", "Diese Seite braucht ein Client-Zertifikat"),
    ("es", "Registrado por", "Esta página necesita un certificado de cliente"),
    ("fr", "Enregistré par", "Cette page demande un certificat client"),
])  # fmt: skip
def test_pages(language: str, column: str, title: str, root: User) -> None:
    register("rp", {"token_endpoint_auth_method": "none"})
    with translation.override(language):
        assert column in browser(root).get(LIST).content.decode()
        page = Client().get("/machine", headers={"Accept": "text/html"}).content.decode()
    assert title in page
    assert f'<html lang="{language}">' in page
