"""The libraries that the site's pages load are those that are named."""

import re
from pathlib import Path

from bnlab.files import sha256

VENDOR = Path(__file__).parents[2] / "src" / "bnlab" / "site" / "assets" / "vendor"


def test_each_library_is_as_its_package_has_it() -> None:
    """Every file is listed, with its digest, and its license is there."""
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| (\S+) \| .* \| ([0-9a-f]{64}) \|$", readme, flags=re.MULTILINE))
    assert listed == {path.name: sha256(path) for path in VENDOR.glob("*.min.*")}
    licenses = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    assert all(name in licenses for name in listed)
