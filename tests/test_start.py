"""What starting the portal costs: libraries that only some jobs need are not loaded by every process."""

import subprocess
import sys

import pytest
from django.conf import settings

LOADED = """
import sys
import django
from django.urls import get_resolver

django.setup()
get_resolver().url_patterns
import liaison_portal.wsgi
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The packages in memory after the start of a web process."""
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("package", ["weasyprint", "docxtpl", "docx", "openpyxl", "pyshacl", "rdflib", "PIL", "magic", "cryptography"])
def test_a_web_process_does_not_load(loaded, package):
    assert package not in loaded


def test_the_list_of_packages_is_one(loaded):
    assert {"django", "duties", "liaison_portal", "whitenoise"} <= loaded
