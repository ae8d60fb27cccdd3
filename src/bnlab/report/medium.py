"""Where the links of pages lead, and how figures stand on them."""

from typing import Protocol

from bnlab.report.claim_rows import ClaimRow
from bnlab.report.run_list import RunLink
from bnlab.report.svg import Drawing, inline_svg


class Medium(Protocol):
    """What templates ask: the address of each thing, seen from the page, and the element that shows a figure."""

    def study(self, key: str) -> str:
        """A study's page."""

    def question(self, key: str) -> str:
        """A question of the synthesis."""

    def failures(self) -> str:
        """The claims that our runs speak against."""

    def claim(self, row: ClaimRow) -> str:
        """A claim on its report's page, seen from another."""

    def reason(self, row: ClaimRow) -> str:
        """The reason for a claim's outcome, seen from the synthesis."""

    def run(self, run: RunLink) -> str:
        """A run."""

    def drawn(self, drawing: Drawing) -> str:
        """The element that shows a figure."""


class Alone:
    """Each page by itself: its runs and figures are on it, and other studies' pages beside it."""

    def study(self, key: str) -> str:  # noqa: D102 (as of Medium, all of them)
        return f"../{key}/page.html"

    def question(self, key: str) -> str:  # noqa: D102
        return f"#question-{key}"

    def failures(self) -> str:  # noqa: D102
        return "#failures"

    def claim(self, row: ClaimRow) -> str:  # noqa: D102
        return f"{self.study(row.report)}#{row.anchor}"

    def reason(self, row: ClaimRow) -> str:  # noqa: D102
        return f"{'' if row.failed else self.study(row.report)}#{row.reason_anchor}"

    def run(self, run: RunLink) -> str:  # noqa: D102
        return f"#{run.anchor}"

    def drawn(self, drawing: Drawing) -> str:  # noqa: D102
        return inline_svg(drawing.path, prefix=drawing.anchor, label=drawing.alternative)


ALONE = Alone()
