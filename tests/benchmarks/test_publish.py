"""What the benchmarks measured gets into the document, and into nothing else of it."""

import re
from pathlib import Path

from benchmarks.clock import Clock
from benchmarks.publish import DOCUMENT, filled_in
from benchmarks.tables import markdown, read_csv, write_csv

ROOT = Path(__file__).parents[2]


def test_tables_are_filled_in_between_their_marks() -> None:
    """A table that was measured replaces the old one; the others and the text around stay."""
    document = "A\n<!-- measured: runs -->\nold\n<!-- end -->\nB\n<!-- measured: dag -->\nkept\n<!-- end -->\n"
    filled = filled_in(document, {"runs": "| new |\n", "other": "x"})
    assert filled == document.replace("old\n", "| new |\n")
    assert filled_in(filled, {"runs": "| new |\n"}) == filled


def test_the_document_has_a_place_for_every_table() -> None:
    """Each benchmark's table has its marks in docs/performance.md, once."""
    found = re.findall(r"<!-- measured: (\w+) -->", (ROOT / DOCUMENT).read_text(encoding="utf-8"))
    assert sorted(found) == ["dag", "machine", "memory", "parts", "runs", "scaling", "updates"]


def test_tables_are_written_as_they_are_read(tmp_path: Path) -> None:
    """CSV there and back, and Markdown with numbers to the right."""
    write_csv(tmp_path / "a.csv", [{"x": "a, b", "y": 1.5}, {"x": "c", "y": 2}])
    assert read_csv(tmp_path / "a.csv") == [{"x": "a, b", "y": "1.5"}, {"x": "c", "y": "2"}]
    assert markdown([["", "s"], ["a", "1"]]) == "|  | s |\n| --- | ---: |\n| a | 1 |\n"


def test_the_clock_gives_each_part_its_own_time() -> None:
    """Time spent in an inner part is not counted for the outer one."""
    ticks = iter(range(100))
    clock = Clock(lambda: float(next(ticks)))
    inner = clock.timed(lambda: None, lambda: "inner")
    outer = clock.timed(lambda: (inner(), inner()), lambda: "outer")
    outer()
    assert clock.seconds == {"inner": 2.0, "outer": 3.0}
