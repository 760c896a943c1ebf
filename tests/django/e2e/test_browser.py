"""A user with a certificate in Chromium logs in, fills the admin form, and is logged out when the certificate goes."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wsgi_mtls.testing import Profile, make_ca, self_sign, to_pem

from .conftest import skip_without
from .visitor import example

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

POLICIES = Path("/etc/chromium/policies/managed")
ADD = "/admin/django_mtls/registeredclient/add/"
PASSWORD = "intranet"
NAMES_DAYS_AND_THUMBPRINT = ("DNS names", "rp.example.com", "Expires", "(in 29 days)", "Thumbprint")

FITS = "return ['html', '.results'].map((s) => document.querySelector(s)).every((e) => e.scrollWidth <= e.clientWidth)"


def missing() -> str | None:
    for program, package in (
        ("chromium", "chromium"),
        ("chromedriver", "chromium-driver"),
        ("certutil", "libnss3-tools"),
    ):
        if shutil.which(program) is None:
            return f"{program} is not installed: apt install {package}"
    if find_spec("selenium") is None:
        return "selenium is not installed: pip install selenium"
    if not os.access("/etc", os.W_OK):
        return f"{POLICIES} can't be written to: a policy there makes Chromium choose a certificate"
    return None


@pytest.fixture(scope="module")
def port(data: Path) -> Iterator[int]:
    skip_without(missing())
    with example(data) as port:
        yield port


@pytest.fixture
def policy(port: int) -> Iterator[None]:
    """Make Chromium present a certificate to this port without asking."""
    made = [folder for folder in (POLICIES, *POLICIES.parents) if not folder.exists()]
    POLICIES.mkdir(parents=True, exist_ok=True)
    file = POLICIES / f"django-mtls-{port}.json"
    choice = json.dumps({"pattern": f"https://localhost:{port}", "filter": {}})
    file.write_text(json.dumps({"AutoSelectCertificateForUrls": [choice]}))
    yield
    file.unlink()
    for folder in made:
        with suppress(OSError):
            folder.rmdir()


class Home:
    """A user's home: the certificate store and the browser's profile."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        self.store = f"sql:{folder}/.pki/nssdb"
        (folder / ".pki" / "nssdb").mkdir(parents=True)
        self.run("certutil", "-N", "--empty-password")
        self.run("certutil", "-A", "-n", "ca", "-t", "CT,,", "-i", str(data / "ca.pem"))

    def run(self, program: str, *arguments: str) -> None:
        subprocess.run([program, "-d", self.store, *arguments], check=True, capture_output=True)

    def insert(self, card: Path) -> None:
        self.run("pk12util", "-i", str(card), "-W", PASSWORD)

    def remove(self, name: str) -> None:
        """Take the key and its certificate away."""
        self.run("certutil", "-F", "-n", name)

    @contextmanager
    def browser(self) -> "Iterator[Chrome]":
        """Start Chromium."""
        from selenium.webdriver import Chrome, ChromeOptions, ChromeService

        options = ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                         "--disable-dev-shm-usage", f"--user-data-dir={self.folder / 'profile'}"):  # fmt: skip
            options.add_argument(argument)
        environ = {**os.environ, "HOME": str(self.folder)}
        browser = Chrome(options, ChromeService(shutil.which("chromedriver"), env=environ))
        try:
            browser.set_page_load_timeout(60)
            yield browser
        finally:
            browser.quit()


@pytest.fixture
def home(tmp_path: Path, data: Path, port: int) -> Home:
    return Home(tmp_path, data)


def text(browser: "Chrome", identifier: str) -> str:
    from selenium.webdriver.common.by import By

    return browser.find_element(By.ID, identifier).text


def heading(browser: "Chrome") -> str:
    from selenium.webdriver.common.by import By

    return browser.find_element(By.TAG_NAME, "h1").text


def session_cookie(browser: "Chrome") -> Any:
    cookie: Any = browser.get_cookie("sessionid")
    return cookie["value"] if cookie else None


def keep(browser: "Chrome", cookies: list[dict[str, Any]], url: str) -> None:
    """Give a browser the cookies of the last time: Chromium writes them to its profile when it likes."""
    browser.get(f"{url}/health")
    for cookie in cookies:
        browser.add_cookie(cookie)


def test_smart_card(home: Home, data: Path, port: int, policy: None) -> None:
    url = f"https://localhost:{port}"
    with home.browser() as browser:
        browser.get(f"{url}/profile/")
        assert browser.current_url == f"{url}/login/?next=/profile/"
        assert heading(browser) == "This page needs a client certificate"
    home.insert(data / "alice.p12")
    with home.browser() as browser:
        browser.get(f"{url}/profile/")
        assert (browser.current_url, text(browser, "user")) == (f"{url}/profile/", "alice")
        assert session_cookie(browser)
        cookies = browser.get_cookies()
    home.remove("alice")
    with home.browser() as browser:
        keep(browser, cookies, url)  # and with the cookie Chromium may ask for an icon, which ends the session too
        browser.get(f"{url}/")
        assert text(browser, "nobody")
        assert session_cookie(browser) is None
        browser.get(f"{url}/profile/")
        assert heading(browser) == "This page needs a client certificate"


def test_another_card(home: Home, data: Path, port: int, policy: None) -> None:
    url = f"https://localhost:{port}"
    home.insert(data / "alice.p12")
    with home.browser() as browser:
        browser.get(f"{url}/")
        assert text(browser, "user") == "alice"
        session = session_cookie(browser)
        cookies = browser.get_cookies()
    home.remove("alice")
    home.insert(data / "bob.p12")
    with home.browser() as browser:
        keep(browser, cookies, url)
        browser.get(f"{url}/profile/")
        assert text(browser, "user") == "bob"
        assert session_cookie(browser) not in (None, session)


def test_admin(home: Home, data: Path, port: int, policy: None, tmp_path: Path) -> None:
    """An uploaded certificate fills the form at once; errors stand beside their field."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select, WebDriverWait

    machine, mobile = tmp_path / "machine.pem", tmp_path / "mobile.pem"
    machine.write_bytes(to_pem(make_ca().issue("CN=x", Profile(san_dns=["rp.example.com"])).certificate))
    phone = self_sign("CN=phone")
    mobile.write_bytes(to_pem(phone.certificate))
    broken = tmp_path / "broken.pem"
    broken.write_bytes(machine.read_bytes() + mobile.read_bytes())
    url = f"https://localhost:{port}"
    home.insert(data / "alice.p12")
    with home.browser() as browser:

        def value(name: str) -> str:
            return str(browser.find_element(By.NAME, name).get_property("value"))

        def upload(file: Path, told: str) -> str:
            browser.find_element(By.NAME, "certificate").send_keys(str(file))
            WebDriverWait(browser, 30).until(lambda browser: told in text(browser, "certificate-summary"))
            return text(browser, "certificate-summary")

        def save() -> None:
            page = browser.find_element(By.TAG_NAME, "html")
            browser.find_element(By.NAME, "_save").click()
            WebDriverWait(browser, 30).until(lambda browser: _is_gone(page))

        browser.get(url + ADD)
        upload(broken, "found 2")
        summary = upload(machine, "rp.example.com")
        assert all(told in summary for told in NAMES_DAYS_AND_THUMBPRINT)
        assert value("token_endpoint_auth_method") == "tls_client_auth"
        assert not browser.find_element(By.NAME, "jwks").is_displayed()
        assert (value("subject_kind"), value("subject_value")) == ("tls_client_auth_san_dns", "rp.example.com")
        browser.find_element(By.NAME, "client_id").send_keys("machine")
        save()
        assert browser.current_url == f"{url}/admin/django_mtls/registeredclient/"
        row = browser.find_element(By.XPATH, "//tr[.//a[.='machine']]").text
        assert "rp.example.com" in row
        for width in (390, 1280):
            size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 400}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            assert browser.execute_script(FITS), width

        browser.get(url + ADD)
        upload(mobile, phone.certificate.thumbprint)
        assert value("token_endpoint_auth_method") == "self_signed_tls_client_auth"
        assert [len(key["x5c"]) for key in json.loads(value("jwks"))["keys"]] == [1]
        browser.find_element(By.NAME, "client_id").send_keys("phone")
        assert not browser.find_element(By.NAME, "subject_value").is_displayed()
        Select(browser.find_element(By.NAME, "token_endpoint_auth_method")).select_by_value("tls_client_auth")
        assert browser.find_element(By.NAME, "jwks").is_displayed()  # it holds something, which would be saved
        Select(browser.find_element(By.NAME, "subject_kind")).select_by_value("tls_client_auth_san_dns")
        browser.find_element(By.NAME, "subject_value").send_keys("*.example.com")
        save()
        errors = browser.find_element(By.CSS_SELECTOR, ".field-subject_value .errorlist").text
        assert "wildcard" in errors


def _is_gone(page: Any) -> bool:
    from selenium.common.exceptions import WebDriverException

    try:
        page.is_enabled()
    except WebDriverException:
        return True
    return False
