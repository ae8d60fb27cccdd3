"""The report as PDF: all of the page, the same bytes every time, and errors that say what to do."""

import html
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnlab.errors import IntegrityError
from bnlab.report.pdf import typeset_page
from bnlab.report.svg import inline_svg, take_svgs_out
from tests.report.test_study import STUDY, Page, workplace

SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="90pt" height="60pt" viewBox="0 0 90 60">
<defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
<path id="p" d="M 0 0 L 90 60" style="stroke: #0072b2; stroke-width: 2"/>
</svg>
"""
HOSTILE = [
    'Is "this" #panic("run")?',
    "$x^2$ costs $5",
    "#include @label @preview/x:1.0.0 <tag> </h1>",
    "*bold* _it_ `code` \\ ~ -- // no comment /* nor this */ [a](b) = b",
    "two\nlines & an &amp;",
    "γ ≤ ‖a − n‖ ✓ ✗ † Σ θ σ",
]


def document(title: str = "A title", content: str = "") -> str:
    """A page as page.html is one, with this in its main part."""
    title = html.escape(title)
    return (
        f"<!doctype html>\n<html><head><title>{title}</title></head>\n<body>\n<header><h1>{title}</h1></header>\n"
        f"<main>{content}</main>\n</body>\n</html>"
    )


def table(columns: int, rows: int, *, kind: str = "matrix reported-check") -> str:
    """A table with two columns of names and as many of numbers as that leaves."""
    heads = "".join(f'<th scope="col" class="number">n{i}</th>' for i in range(2, columns))
    cells = "".join(f'<td class="number">r{{row}}c{i}.</td>' for i in range(2, columns))
    body = "".join(f"<tr><th>case{row}</th><td>measure</td>{cells.format(row=row)}</tr>" for row in range(rows))
    return (
        f'<div class="wide"><table class="{kind}"><caption>Wide.</caption><thead><tr><th scope="col">Case</th>'
        f'<th scope="col">Metric</th>{heads}</tr></thead><tbody class="ruled">{body}</tbody></table></div>'
    )


def typeset(results: Path, page: str) -> bytes:
    """The PDF of a page."""
    folder = results / "studies" / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.html").write_text(page, encoding="utf-8")
    typeset_page("tiny", results=results)
    return (folder / "page.pdf").read_bytes()


class Pdf:
    """What a test asks of a PDF that Typst wrote: the texts of its pages without white space, its links, its extent."""

    def __init__(self, content: bytes) -> None:
        self.objects = {
            int(match[1]): match[2] for match in re.finditer(rb"(\d+) 0 obj\n(.*?)\nendobj", content, re.DOTALL)
        }
        pages = [body for body in self.objects.values() if b"/Type/Page/" in body]
        self.texts: list[str] = []
        self.rightmost = 0.0
        for page in pages:
            self.texts.append(self._read(page))
        self.links = sum(body.count(b"/Subtype/Link") for body in self.objects.values())

    def find(self, pattern: bytes) -> bytes:
        """The first group of the pattern's first match in what is drawn on the pages that is no text."""
        pages = [body for body in self.objects.values() if b"/Type/Page/" in body]
        drawn = b"".join(self._stream(self._referred(page, b"Contents")) for page in pages)
        match = next(match for match in re.finditer(pattern, drawn) if float(match[1]) != 1)
        return match[1]

    @property
    def text(self) -> str:
        """The text of all pages."""
        return "".join(self.texts)

    def _read(self, page: bytes) -> str:
        fonts = self._fonts(self._referred(page, b"Resources"))
        letters: list[str] = []
        for match in re.finditer(
            rb"q 1 0 0 -1 ([\d.-]+) [\d.-]+ cm|/(f\d+) [\d.]+ Tf[^\n(\[]*Tm(.*?)T[jJ]\nET",
            self._stream(self._referred(page, b"Contents")),
            re.DOTALL,
        ):
            if match[1]:
                self.rightmost = max(self.rightmost, float(match[1]))
                continue
            for codes in strings(match[3]):
                letters += [fonts[match[2]][codes[i] << 8 | codes[i + 1]] for i in range(0, len(codes), 2)]
        return squeezed("".join(letters))

    def _fonts(self, resources: bytes) -> dict[bytes, dict[int, str]]:
        named = re.search(rb"/Font<<(.*?)>>", resources)
        assert named
        return {
            name: {
                int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be")
                for code, text in re.findall(
                    rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n(?!endcodespace)",
                    self._stream(self._referred(self.objects[int(number)], b"ToUnicode")),
                )
            }
            for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", named[1])
        }

    def _referred(self, body: bytes, key: bytes) -> bytes:
        match = re.search(rb"/" + key + rb" (\d+) 0 R", body)
        assert match, key
        return self.objects[int(match[1])]

    @staticmethod
    def _stream(body: bytes) -> bytes:
        return zlib.decompress(body.partition(b"stream\n")[2])


def strings(operands: bytes) -> Iterator[bytes]:
    """The strings among the operands that show text; one may hold balanced parentheses."""
    depth = start = 0
    for match in re.finditer(rb"\\.|[()]", operands, re.DOTALL):
        if match[0] == b"(":
            depth += 1
            start = start if depth > 1 else match.end()
        elif match[0] == b")":
            depth -= 1
            if depth == 0:
                yield unescaped(operands[start : match.start()])


def unescaped(literal: bytes) -> bytes:
    """The bytes that a string of a PDF stands for."""
    named = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    return re.sub(
        rb"\\([0-7]{1,3}|.)",
        lambda m: bytes([int(m[1], 8)]) if m[1].isdigit() else named.get(m[1], m[1]),
        literal,
        flags=re.DOTALL,
    )


def squeezed(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_title_contains_is_text(tmp_path: Path, hostile: str) -> None:
    """Typst's and HTML's own characters in titles, texts, links and cells are set as they stand, never obeyed."""
    text = html.escape(hostile)
    content = (
        f'<section id="s"><h2>{text}</h2><h3><a href="#s">{text}</a></h3><p>{text}</p><pre><code>{text}</code></pre>'
        f'<table><thead><tr><th scope="col">{text}</th></tr></thead><tbody><tr><td>{text}</td></tr></tbody></table>'
        "</section>"
    )
    pdf = Pdf(typeset(tmp_path, document(hostile, content)))
    assert pdf.text.count(squeezed(hostile)) == 7


def test_equal_pages_give_equal_bytes(tmp_path: Path) -> None:
    """The PDF knows neither the time nor the place at which it was made."""
    page = document(content='<h3 id="x">Text.</h3><p><a href="#x">Back.</a></p>')
    first, second = typeset(tmp_path / "a", page), typeset(tmp_path / "b", page)
    assert first == second
    assert first.startswith(b"%PDF-")
    assert not re.search(rb"CreationDate|CreateDate|ModDate|ModifyDate", first)
    assert first != typeset(tmp_path / "a", page.replace("Text.", "Texts."))


def test_figures_are_put_in_whole(tmp_path: Path) -> None:
    """What `inline_svg` puts into a page comes out as a file of its own, whose style holds for all of it."""
    path = tmp_path / "figure.svg"
    path.write_text(SVG)
    svg = inline_svg(path, prefix="figure-a", label='A "line" & more')
    figure = f'<figure id="figure-a">{svg}<figcaption>Figure 1.</figcaption></figure>'
    page, figures = take_svgs_out(f"{figure}\n<p>Between.</p>\n{figure.replace('figure-a', 'figure-b')}")
    assert list(figures) == ["figure-1", "figure-2"]
    assert '<style type="text/css">*{stroke-linejoin: round}' in figures["figure-2"]
    assert page.count("<svg") == 2 and "Between." in page and "path" not in page
    pdf = Pdf(typeset(tmp_path, document(content=figure)))
    assert "Figure1." in pdf.text
    assert any(b'/Alt(A "line" & more)' in body for body in pdf.objects.values())


@pytest.mark.parametrize(("height", "width_decides"), [(60, True), (300, False)])
def test_no_figure_is_higher_than_the_page(tmp_path: Path, height: int, width_decides: bool) -> None:
    """A figure is as wide as running text, 140 mm, unless its caption would then have no room below it."""
    path = tmp_path / "figure.svg"
    path.write_text(SVG.replace("60pt", f"{height}pt").replace("90 60", f"90 {height}"))
    svg = inline_svg(path, prefix="figure-a", label="x")
    content = f'<figure id="figure-a">{svg}<figcaption>Figure 1.</figcaption></figure>'
    scale = float(Pdf(typeset(tmp_path, document(content=content))).find(rb"q ([\d.]+) 0 0 -[\d.]+ [\d.]+ [\d.]+ cm"))
    assert (scale * 90 == pytest.approx(140 / 25.4 * 72, abs=0.1)) == width_decides
    assert scale * height < 215 / 25.4 * 72 + 0.1


@pytest.mark.parametrize(("columns", "rows"), [(6, 120), (12, 3), (36, 3)])
def test_no_table_is_wider_than_the_page(tmp_path: Path, columns: int, rows: int) -> None:
    """Every cell stands on the page and once, tables of many columns in parts, long ones under repeated heads."""
    pdf = Pdf(typeset(tmp_path, document(content=table(columns, rows))))
    assert 400 < pdf.rightmost < 550
    for row in range(rows):
        for column in range(2, columns):
            assert pdf.text.count(f"r{row}c{column}.") == 1
    parts = -(-max(columns - 2, 1) // 10)
    assert pdf.text.count("CaseMetric") == max(parts, len(pdf.texts))
    assert all("CaseMetric" in text for text in pdf.texts)


def test_long_names_stay_in_their_cells(tmp_path: Path) -> None:
    """Tables of plain numbers become smaller rather than wider than the page; a name too long for that is broken."""
    name = "60 layers (" + "-".join(["100"] * 59) + ")"
    content = table(9, 2, kind="").replace("<th>case0</th>", f'<th scope="rowgroup">{name}</th>')
    pdf = Pdf(typeset(tmp_path, document(content=content)))
    assert squeezed(name) in pdf.text
    assert pdf.rightmost < 550


def test_what_cannot_be_set_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    """An element, a class or a link that the style sheet does not know is an error that names page and remedy."""
    good = typeset(tmp_path, document())
    for content, found in [
        ("<video></video>", "video"),
        ("<p>open", "not well-formed|parse"),
        ('<a href="#nowhere">x</a>', "nowhere"),
        ("<p>a & b</p>", "parse"),
    ]:
        with pytest.raises(IntegrityError, match=f"page.html: cannot be typeset .*({found})") as error:
            typeset(tmp_path, document(content=content))
        assert "snakemake --cores 8 -f " in str(error.value)
        assert (tmp_path / "studies" / "tiny" / "page.pdf").read_bytes() == good


def test_without_a_page_there_is_nothing_to_typeset(tmp_path: Path) -> None:
    """The message says how to make the page."""
    with pytest.raises(IntegrityError, match=r"page\.html: no such file\. Make it: snakemake --cores 8 "):
        typeset_page("tiny", results=tmp_path)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, Pdf]:
    """The page of a small study on generated images, with figures, expectations and a reported check, and its PDF."""
    made = workplace(
        tmp_path_factory.mktemp("study"), data="generated", diverged=(0,), study=STUDY | {"gradients": ["falk2024"]}
    )
    header = "case,draw,array,measure,value,value_without_crossed,entries,crossed\n"
    rows = [f"whole,{draw},W1,norm_max,{draw}.5e-9,{draw}e-9,200,{draw}\n" for draw in (1, 2)]
    (made.results / "gradients" / "generated" / "falk2024.csv").write_text(header + "".join(rows))
    page = Page(made.report())
    typeset_page("tiny", results=made.results)
    return page, Pdf((made.folder / "page.pdf").read_bytes())


def test_every_word_of_the_page_is_in_the_pdf(study: tuple[Page, Pdf]) -> None:
    """Titles, sentences, captions and every cell: what is not meant for screens alone stands in the PDF."""
    page, pdf = study
    text = pdf.text.replace("-", "")  # words are divided at the ends of lines

    def found(words: str) -> bool:
        """In one piece, or in two around the break of a page."""
        words = squeezed(words).replace("-", "")
        return words in text or any(words[:i] in text and words[i:] in text for i in range(20, len(words) - 20))

    shown = page.on_paper[page.on_paper.index("Tiny & <b>bold</b>") + 1 :]  # after the title of the window
    assert [words for words in shown if not found(words)] == []
    assert 300 < len(shown) < len(page.words)


def test_links_lead_to_what_is_on_paper(tmp_path: Path) -> None:
    """To another page and to a place of this one; a link to what screens alone have is its words."""
    places = '<section id="here"><h2>Here.</h2></section><p id="there" class="screen">There.</p>'
    links = '<p><a href="../other/page.html">one</a> <a href="#here">two</a> <a href="#there">three</a></p>'
    pdf = Pdf(typeset(tmp_path, document(content=places + links)))
    assert pdf.links == 2
    assert "three" in pdf.text and "There." not in pdf.text


def test_no_figure_stands_before_its_section(tmp_path: Path) -> None:
    """However much of a page is left where the section begins, and however many figures there are."""
    path = tmp_path / "figure.svg"
    path.write_text(SVG)
    svg = inline_svg(path, prefix="figure-a", label="x")
    figures = "".join(f'<figure id="f{i}">{svg}<figcaption>Figure {i}.</figcaption></figure>' for i in range(4))
    for filling in range(0, 60, 12):
        content = "<p>Filling.</p>" * filling + f"<section><h2>The section</h2><p>Text.</p>{figures}</section>"
        text = Pdf(typeset(tmp_path, document(content=content))).text
        assert text.index("Thesection") < min(text.index(f"Figure{i}.") for i in range(4))


def test_a_figure_stands_before_what_follows_it(tmp_path: Path) -> None:
    """A high one alone is passed by text that fills its page; it is at the bottom, and still not before its section."""
    for height, order in [(60, "Figure, Next"), (150, "Next, Figure")]:
        path = tmp_path / "figure.svg"
        path.write_text(SVG.replace("60pt", f"{height}pt").replace("90 60", f"90 {height}"))
        svg = inline_svg(path, prefix="figure-a", label="x")
        figure = f'<figure id="f">{svg}<figcaption>Figure.</figcaption></figure>'
        sections = f"<section><h2>Own.</h2>{figure}</section><section><h2>Next.</h2></section>"
        text = Pdf(typeset(tmp_path, document(content="<p>Filling.</p>" * 12 + sections))).text
        assert sorted(["Own", "Figure", "Next"], key=text.rindex) == ["Own", *order.split(", ")]


def test_a_figure_that_nearly_fits_is_drawn_smaller(tmp_path: Path) -> None:
    """By a fifth at most: one that lacks more is as wide as running text, overleaf."""
    path = tmp_path / "figure.svg"
    path.write_text(SVG)
    svg = inline_svg(path, prefix="figure-a", label="x")
    figure = f'<figure id="f">{svg}<figcaption>Figure.</figcaption></figure>'
    for filling, pages, least, most in [(20, 1, 1, 1), (26, 1, 0.8, 0.99), (29, 2, 1, 1)]:
        pdf = Pdf(typeset(tmp_path, document(content="<p>Filling.</p>" * filling + figure)))
        width = 90 * float(pdf.find(rb"q ([\d.]+) 0 0 -[\d.]+ [\d.]+ [\d.]+ cm"))
        assert len(pdf.texts) == pages
        assert least - 0.001 <= width / (140 / 25.4 * 72) <= most + 0.001


def test_a_question_is_on_the_page_of_its_answer(tmp_path: Path) -> None:
    """However much of a page is left where it begins."""
    answer = '<dl class="findings"><div><dt>Subject.</dt><dd>Answer.</dd></div></dl>'
    section = f'<section><h2>Title.</h2><p class="question">Question.</p>{answer}</section>'
    for filling in range(24, 40):
        pdf = Pdf(typeset(tmp_path, document(content="<p>Filling.</p>" * filling + section)))
        assert [text for text in pdf.texts if "Question." in text] == [text for text in pdf.texts if "Answer." in text]


def test_what_is_for_screens_is_not_on_paper(tmp_path: Path) -> None:
    """Wherever it stands: a section, a row, a column, an item, a reason, words within words."""
    hidden = 'class="screen"'
    content = (
        f"<section {hidden}><h2>Gone.</h2></section><p>Shown. <span {hidden}>Gone.</span></p><p {hidden}>Gone.</p>"
        f'<table><thead><tr><th scope="col">Shown.</th><th scope="col" {hidden}>Gone.</th></tr></thead>'
        f"<tbody><tr><td>Shown.</td><td {hidden}>Gone.</td></tr><tr {hidden}><td>Gone.</td><td>Gone.</td></tr></tbody>"
        f'</table><ul><li>Shown.</li><li {hidden}>Gone.</li></ul><dl class="reasons"><div><dt>Shown.</dt><dd>Shown. '
        f"<span {hidden}>Gone.</span></dd></div><div {hidden}><dt>Gone.</dt><dd>Gone.</dd></div></dl>"
    )
    text = Pdf(typeset(tmp_path, document(content=content))).text
    assert (text.count("Shown."), text.count("Gone.")) == (6, 0)


def test_generated_images_are_noted_and_pages_numbered(study: tuple[Page, Pdf]) -> None:
    """The banner stands above the title; every page but the first repeats the study's title, and all have numbers."""
    page, pdf = study
    assert pdf.texts[0].startswith("Generateddata,notCIFAR-10")
    title = squeezed(page.words[page.words.index("Tiny & <b>bold</b>")])
    pages = len(pdf.texts)
    assert pages > 4
    for number, text in enumerate(pdf.texts, 1):
        assert f"{number}of{pages}" in text
        assert text.startswith(title) == (number > 1)
