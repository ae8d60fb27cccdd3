"""Put what was measured last into the documents: python -m benchmarks.publish.

Tables go into docs/performance.md, between the marks that name them, their CSV files to docs/data and the figures to
docs/figures. What was not measured stays as it was.
"""

import re
import shutil
from pathlib import Path

from benchmarks.machine import RESULTS
from bnlab.files import write_text

DOCS = Path("docs")
DOCUMENT = DOCS / "performance.md"


def main() -> None:
    """Copy and fill in."""
    for path in sorted(RESULTS.glob("*.csv")):
        shutil.copy(path, DOCS / "data" / f"performance_{path.name}")
    for path in sorted(RESULTS.glob("*.png")):
        shutil.copy(path, DOCS / "figures" / f"performance_{path.name}")
    measured = {path.stem: path.read_text(encoding="utf-8") for path in RESULTS.glob("*.md")}
    write_text(DOCUMENT, filled_in(DOCUMENT.read_text(encoding="utf-8"), measured))


def filled_in(document: str, measured: dict[str, str]) -> str:
    """The document with what stands between `<!-- measured: NAME -->` and `<!-- end -->` replaced, where measured."""
    return re.sub(
        r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)",
        lambda match: match[1] + measured[match[2]] + match[3] if match[2] in measured else match[0],
        document,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    main()
