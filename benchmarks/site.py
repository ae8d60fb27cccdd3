"""How long a browser takes to show pages of the site, and to filter its runs, as they are and 10,000 of them.

python -m benchmarks.site [SITE]

SITE: the folder of a site; by default that of all reports. Needs Chromium. Each number is the median of five visits,
beside that of an empty page.
"""

import argparse
import json
import re
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import RESULTS
from benchmarks.tables import Row, markdown, write_csv
from bnlab.files import write_text

VISITS, MANY = 5, 10_000
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
READY = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
FILTER = """
() => {
  const select = document.querySelector("[name=batch_norm]");
  const before = performance.now();
  select.value = "with";
  select.dispatchEvent(new Event("input", { bubbles: true }));
  return performance.now() - before;
}
"""


def main() -> None:
    """Write site.csv and site.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.site", description=__doc__.splitlines()[0])
    parser.add_argument("site", nargs="?", type=Path, default=Path("results/site"))
    site = parser.parse_args().site.absolute()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as place:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        empty, many = Path(place) / "empty.html", Path(place) / "many"
        write_text(empty, "<!doctype html><title>Empty</title><p>Nothing.</p>")
        shutil.copytree(site, many)
        write_text(many / "data" / "runs.js", multiplied((site / "data" / "runs.js").read_text("utf-8")))
        pages = [
            ("empty page", empty), ("overview", site / "index.html"), ("ledger", site / "ledger.html"),
            ("runs", site / "runs.html"), (f"{MANY:,} runs", many / "runs.html"),
        ]  # fmt: skip
        rows = [measured(browser, name, path) for name, path in pages]
        browser.close()
    write_csv(RESULTS / "site.csv", rows)
    lines = [["Milliseconds", "first paint", "loaded", "a filter", "kB with scripts"]]
    lines += [[str(value) if isinstance(value, str) else f"{value:.0f}" for value in row.values()] for row in rows]
    write_text(RESULTS / "site.md", markdown(lines))
    print(markdown(lines))


def multiplied(script: str) -> str:
    """The script of all runs, these over and over under other names until there are `MANY`."""
    content = json.loads(script.removeprefix("bnlab.runs(").removesuffix(");\n"))
    rows = content["rows"]
    copies = [[*rows[i % len(rows)][:-1], f"{rows[i % len(rows)][-1]}-{i}"] for i in range(len(rows), MANY)]
    return f"bnlab.runs({json.dumps(content | {'rows': rows + copies}, separators=(',', ':'))});\n"


def measured(browser: Browser, name: str, path: Path) -> Row:
    """Medians of first paint, of being loaded and of a filter, and what the page and its scripts weigh."""
    print(name, flush=True)
    visits = []
    for _ in range(VISITS):
        page = browser.new_page()
        page.goto(path.as_uri())
        page.wait_for_function(f"({PAINT}) > 0")
        filtered = page.evaluate(FILTER) if path.name == "runs.html" else 0.0
        visits.append((page.evaluate(PAINT), page.evaluate(READY), filtered))
        page.close()
    paint, ready, filtered = (statistics.median(times) for times in zip(*visits, strict=True))
    loaded = re.findall(r'(?:src|href)="((?:assets|data)/[^"]+)"', path.read_text("utf-8"))
    size = sum(file.stat().st_size for file in [path, *(path.parent / one for one in loaded)])
    return {"page": name, "first paint": paint, "loaded": ready, "filter": filtered, "kB": size / 1000}


if __name__ == "__main__":
    main()
