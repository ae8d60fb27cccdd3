"""The page on paper: page.html typeset as PDF. Equal pages give equal bytes, whatever the machine has for fonts."""

import re
from pathlib import Path

import typst

from bnlab.errors import ConfigError, IntegrityError
from bnlab.files import atomic
from bnlab.report.svg import take_svgs_out

STYLE = Path(__file__).parent / "templates" / "page.typ"


def typeset_page(study: str, *, results: Path) -> None:
    """Write results/studies/<study>/page.pdf, all of whose content is that of page.html beside it.

    Raises ConfigError when there is no page, and IntegrityError when the page is not well-formed or has an element
    that page.typ cannot set.
    """
    page = results / "studies" / study / "page.html"
    if not page.is_file():
        raise ConfigError(f"{page}: no such file. Make it: snakemake --cores 8 {page.as_posix()}")
    try:
        document = typst.compile(STYLE, ignore_system_fonts=True, sys_inputs=_inputs(page.read_text(encoding="utf-8")))
    except typst.TypstError as error:
        raise IntegrityError(
            f"{page}: cannot be typeset ({error.message}). If it was edited, make it again: snakemake --cores 8 -f "
            f"{page.as_posix()}. If a template was, {STYLE.name} beside it has to learn what is new there."
        ) from error
    with atomic(page.with_suffix(".pdf")) as file:
        file.write(document)


def _inputs(html: str) -> dict[str, str]:
    """What page.typ reads: the page's body, and its figures by the names that stand in their places."""
    body = re.search(r"<body>.*</body>", html, flags=re.DOTALL)
    page, figures = take_svgs_out(body[0] if body else html)
    return {"page": page} | figures
