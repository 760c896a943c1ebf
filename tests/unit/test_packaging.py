"""A wheel holds what setup.cfg names, and nothing tells of a package that was forgotten but this."""

from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_setup_cfg_names_every_package():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = setup["options"]["packages"].split()
    found = [
        init.parent.relative_to(root).as_posix().replace("/", ".")
        for root, top in (
            (ROOT, "wsgi_mtls"),
            (ROOT / "integrations", "flask_mtls"),
            (ROOT / "integrations", "django_mtls"),
        )
        for init in (root / top).rglob("__init__.py")
    ]
    assert sorted(named) == sorted(found)


def test_every_top_package_is_typed():
    tops = (ROOT / "wsgi_mtls", ROOT / "integrations/flask_mtls", ROOT / "integrations/django_mtls")
    assert [top.name for top in tops if not (top / "py.typed").is_file()] == []
