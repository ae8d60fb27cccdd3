"""Put stored SVG figures into a page, and take them out again."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from bnlab.analysis.read import read_text


@dataclass(frozen=True)
class Drawing:
    """A stored SVG figure; `anchor` is the id of its place on a page, `alternative` what screen readers say."""

    path: Path
    anchor: str
    alternative: str


def inline_svg(path: Path, *, prefix: str, label: str) -> str:
    """The figure as an element of an HTML page, as wide as its place; screen readers say `label`.

    Ids get the prefix: two figures of one page use the same ones. The prefix is also the id of the element that
    holds the figure, to which matplotlib's style, meant for a file of its own, is confined.
    """
    svg = read_text(path)
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    spoken = f' role="img" aria-label="{html.escape(label)}"'
    svg = re.sub(r' width="[\d.]+pt" height="[\d.]+pt"', lambda _: spoken, svg, count=1)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'href="#', f'href="#{prefix}-', svg)
    return svg.replace("url(#", f"url(#{prefix}-").replace("*{", f"#{prefix} svg *{{")


def take_svgs_out(page: str) -> tuple[str, dict[str, str]]:
    """Replace a page's figures by <svg name="figure-1" aria-label="..."/> and so on; return it and the figures by name.

    Each figure is a file of its own again, to all of which matplotlib's style applies.
    """
    figures: dict[str, str] = {}

    def take(svg: re.Match[str]) -> str:
        name = f"figure-{len(figures) + 1}"
        figures[name] = re.sub(r"#[\w-]+ svg \*{", "*{", svg[0])
        return f'<svg name="{name}"{svg["label"]}/>'

    page = re.sub(r'<svg[^>]*(?P<label> aria-label="[^"]*").*?</svg>', take, page, flags=re.DOTALL)
    return page, figures
