"""Where the links of the site's pages lead, and how figures stand on them: as files beside the page."""

from html import escape
from pathlib import Path

from bnlab.report.claim_rows import ClaimRow
from bnlab.report.run_list import RunLink
from bnlab.report.svg import Drawing

ENDINGS = (".svg", ".png", ".csv")
"""What each figure can be had as."""


class OnSite:
    """As `bnlab.report.medium.Medium`; collects the figures that pages show, so that they can be copied.

    alone: whether the site is of one study, whose page is the first.
    """

    def __init__(self, *, alone: bool = False) -> None:
        self.alone = alone
        self.figures: dict[str, Path] = {}
        """The file of each figure, by its name on the site without an ending."""

    def study(self, key: str) -> str:  # noqa: D102 (as of Medium, all of them)
        return "index.html" if self.alone else f"study-{key}.html"

    def question(self, key: str) -> str:  # noqa: D102
        return f"question-{key}.html"

    def failures(self) -> str:  # noqa: D102
        return "ledger.html#outcome=failed"

    def claim(self, row: ClaimRow) -> str:  # noqa: D102
        return f"{self.study(row.report)}#{row.anchor}"

    def reason(self, row: ClaimRow) -> str:  # noqa: D102
        return f"ledger.html#{row.anchor}"

    def run(self, run: RunLink) -> str:  # noqa: D102
        return f"runs.html#runs={run.name}"

    def drawn(self, drawing: Drawing) -> str:  # noqa: D102
        # Several studies have figures of one name, each in the folder of its study.
        own = drawing.path.parent.name == "figures"
        name = f"{drawing.path.parents[1].name}/{drawing.path.stem}" if own else drawing.anchor.removeprefix("figure-")
        self.figures[name] = drawing.path
        files = [ending for ending in ENDINGS if drawing.path.with_suffix(ending).exists()]
        links = " · ".join(f'<a href="figures/{name}{ending}">{ending[1:].upper()}</a>' for ending in files)
        return (
            '<div class="drawing" tabindex="0">'
            f'<img src="figures/{name}.svg" alt="{escape(drawing.alternative)}" loading="lazy"></div>'
            f'<p class="files">{links}</p>'
        )
