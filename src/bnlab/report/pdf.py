"""The page on paper: page.html typeset as PDF. Equal pages give equal bytes, whatever the machine has for fonts."""

import re
from pathlib import Path

import typst

from bnlab.analysis.read import read_text
from bnlab.errors import IntegrityError
from bnlab.files import atomic
from bnlab.report.svg import take_svgs_out

STYLE = Path(__file__).parent / "templates" / "page.typ"


def typeset_page(study: str, *, results: Path) -> None:
    """Write results/studies/<study>/page.pdf, all of whose content is that of page.html beside it.

    Raises IntegrityError when there is no page, when it is not well-formed, or when it has an element that page.typ
    cannot set.
    """
    page = results / "studies" / study / "page.html"
    inputs = _inputs(read_text(page))
    try:
        document = typst.compile(STYLE, ignore_system_fonts=True, sys_inputs=inputs)
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
