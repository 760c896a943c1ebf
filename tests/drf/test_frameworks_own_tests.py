"""REST framework's own tests pass with our classes beside and in the place of its own, but for what differs on purpose.

A release ships its tests; their ``conftest.py`` needs packages that are not needed here, so ours is used.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.databases import in_one_environment
from tests.e2e.conftest import skip_without
from tests.releases import download

HERE = Path(__file__).parent
CHOSEN = [
    "authentication", "test_decorators.py", "test_permissions.py", "test_request.py", "test_testing.py",
    "test_throttling.py", "test_views.py",
]  # fmt: skip
DIFFERENT = {
    # It wants the key "throttle_user_1"; ours is a digest, which no caller can spell in X-Forwarded-For.
    "ScopedRateThrottleTests::test_get_cache_key_returns_correct_key_if_user_is_authenticated",
    # Without credentials it wants the 403 of SessionAuthentication; the first class here has a challenge, so it is 401.
    "DecoratorTestCase::test_permission_classes",
}


def unpack(release: Path, folder: Path) -> None:
    """Lay REST framework's tests, with our ``conftest.py``, into a folder."""
    with tarfile.open(release) as archive:
        archive.extractall(folder, filter="data")
    (made,) = folder.glob("djangorestframework-*/tests")
    skip_without(None if (made / "test_throttling.py").exists() else f"{release.name} ships no tests")
    made.rename(folder / "tests")
    shutil.copy(HERE / "frameworks_conftest.py", folder / "tests" / "conftest.py")


@in_one_environment
def test_frameworks_own_tests(tmp_path: Path) -> None:
    unpack(download("djangorestframework", tmp_path), tmp_path)
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "--tb=short", "-p", "no:cacheprovider"]
    command += ["--rootdir", str(tmp_path), *(f"tests/{name}" for name in CHOSEN)]
    run = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    failed = set(re.findall(r"^FAILED \S+?\.py::(\S+)", run.stdout, re.MULTILINE))
    assert failed == DIFFERENT, run.stdout + run.stderr
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed, run.stdout
    assert int(passed[1]) >= 200
    assert " error" not in run.stdout.splitlines()[-1]
