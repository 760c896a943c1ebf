"""A wheel holds what setup.cfg names, and only this test finds a package that was forgotten."""

import subprocess
import sys
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


def test_the_core_and_its_adapters_import_no_ssl() -> None:
    """Debian's uWSGI embeds another build of Python, whose ``_ssl`` cannot be loaded into a virtual environment's."""
    program = (
        "import sys, django.conf; sys.modules['ssl'] = None; django.conf.settings.configure()\n"
        "import wsgi_mtls.config, wsgi_mtls.wsgi, wsgi_mtls.sources.partial_chains, django_mtls.conf"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_setup_cfg_names_every_file_that_is_not_code():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    everywhere = setup["options.package_data"]["*"].split()
    for top in ("flask_mtls", "django_mtls"):
        folder = ROOT / "integrations" / top
        patterns = [*everywhere, *setup["options.package_data"].get(top, "").split()]
        shipped = {file for pattern in patterns for file in folder.glob(pattern)}
        others = {file for file in folder.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}
        assert {str(file.relative_to(folder)) for file in others - shipped} == set()
