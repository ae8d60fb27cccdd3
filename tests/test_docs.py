"""The documents: their links lead somewhere, their commands exist, and the derivation's code is the code that ships."""

import ast
import contextlib
import inspect
import io
import re
import runpy
import shlex
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from bnlab.numerics import layers

ROOT = Path(__file__).parents[1]
DERIVATION = ROOT / "docs" / "batch_norm_backward.md"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"""\]\(\s*<?(?P<inline>[^)\s>]+)>?(?:\s+"[^"]*")?\s*\)"""  # [text](target "title"), ![alternative](target)
    r"""|^\[[^\]]+\]:\s*<?(?P<reference>[^\s>]+)"""  # [label]: target
    r"""|\b(?:src|srcset|href)\s*=\s*["'](?P<html>[^"']+)["']""",  # <img src="target">
    re.MULTILINE,
)
TOLERANCE = 1e-12
STEP = 1e-20


class Block(NamedTuple):
    """A fenced block: its language, its content, and the line of the document on which the content begins."""

    language: str
    body: str
    line: int


class Program(NamedTuple):
    """The derivation's Python blocks after they have run: their names, and what each block printed."""

    names: dict[str, Any]
    printed: dict[int, str]


def blocks(text: str) -> list[Block]:
    """All fenced blocks of a document."""
    return [
        Block(match["language"], match["body"], text.count("\n", 0, match.start("body")) + 1)
        for match in FENCE.finditer(text)
    ]


def targets(text: str) -> list[str]:
    """What a document links to or shows, without the web; code is no link."""
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))
    found = [match["inline"] or match["reference"] or match["html"] for match in LINK.finditer(prose)]
    return [target for target in found if not re.match(r"[a-z][a-z+.-]*:", target)]


def anchors(text: str) -> set[str]:
    """The fragments by which GitHub names a document's headings."""
    headings = re.findall(r"^#+ +(.+?)\s*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked(document: Path) -> set[Path]:
    """The files that a document links to or shows."""
    paths = (target.partition("#")[0] for target in targets(document.read_text(encoding="utf-8")))
    return {(document.parent / path).resolve() for path in paths if path}


def make_commands(text: str) -> list[list[str]]:
    """The words after `make` in every such command of a document's sh blocks."""
    lines = [line for block in blocks(text) if block.language == "sh" for line in block.body.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines]
    return [command[1:] for command in commands if command[:1] == ["make"]]


def complex_step(g: np.ndarray, s: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float) -> list[np.ndarray]:
    """The derivatives of sum(g * out) by s, gamma and beta, with the forward pass written out here once more."""
    at = [array.astype(complex) for array in (s, gamma, beta)]
    derivatives = []
    for theta in at:
        derivative = np.empty(theta.shape)
        for place in np.ndindex(theta.shape):
            theta[place] += 1j * STEP
            centred = at[0] - at[0].sum(axis=0) / len(s)
            s_hat = centred * ((centred * centred).sum(axis=0) / len(s) + epsilon) ** -0.5
            derivative[place] = np.imag(np.sum(g * (at[1] * s_hat + at[2]))) / STEP
            theta[place] = theta[place].real
        derivatives.append(derivative)
    return derivatives


def errors(found: list[np.ndarray], expected: list[np.ndarray]) -> list[float]:
    """For each pair the norm of the difference relative to the expected norm."""
    return [float(np.linalg.norm(f - e) / np.linalg.norm(e)) for f, e in zip(found, expected, strict=True)]


@pytest.fixture(scope="module")
def program() -> Program:
    """The derivation's Python blocks, run from top to bottom as one program."""
    names: dict[str, Any] = {"__name__": "derivation"}
    printed = {}
    for block in blocks(DERIVATION.read_text(encoding="utf-8")):
        if block.language == "python":
            out = io.StringIO()
            code = compile("\n" * (block.line - 1) + block.body, DERIVATION, "exec")  # tracebacks name the line
            with contextlib.redirect_stdout(out):
                exec(code, names)
            printed[block.line] = out.getvalue()
    return Program(names, printed)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_and_images_exist(document: Path) -> None:
    """Every relative link of a document leads to a file of the repository, and to a heading that is there."""
    for target in targets(document.read_text(encoding="utf-8")):
        path, _, fragment = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.is_relative_to(ROOT), f"{document.name} links out of the repository: {target}"
        assert file.exists(), f"{document.name} links to {target}"
        if fragment and file.suffix == ".md":
            assert fragment in anchors(file.read_text(encoding="utf-8")), f"{document.name} links to {target}"


def test_make_commands_of_the_readme_are_targets() -> None:
    """What the README says to make, the Makefile makes, with variables that it knows."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    variables = set(re.findall(r"^([A-Z]+) *\?=", makefile, re.MULTILINE))
    commands = make_commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert ["report"] in commands
    for words in commands:
        assert {word for word in words if "=" not in word} <= known, words
        assert {word.partition("=")[0] for word in words if "=" in word} <= variables, words


def test_every_fault_has_a_test_that_is_there() -> None:
    """The table of docs/reliability.md has all 67 rows, and each names a test."""
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d+) \| .* \| `([\w/.:]+)` \|$", text, re.MULTILINE))
    assert sorted(map(int, rows)) == list(range(1, 68))
    for test in rows.values():
        path, _, name = test.partition("::")
        assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8"), test


def test_everything_in_docs_can_be_reached_from_the_readme() -> None:
    """Following links and images from the README, one arrives at every file in docs but those that make it a site."""
    reached: set[Path] = set()
    pending = {ROOT / "README.md"}
    while pending:
        path = pending.pop()
        reached.add(path)
        if path.suffix == ".md" and path.exists():
            pending |= linked(path) - reached
    files = {
        path
        for path in (ROOT / "docs").rglob("*")
        if path.is_file() and not any(part.startswith((".", "__")) for part in path.relative_to(ROOT).parts)
    }
    assert DERIVATION in files
    assert {str(path.relative_to(ROOT)) for path in files - reached} == {"docs/conf.py", "docs/site/site.css"}


def test_the_readers_of_documents_read() -> None:
    """The functions above find links, images, headings and commands of every form, and none inside code."""
    text = textwrap.dedent("""\
        # A title, with `code`: 2 words
        [a](b.md) ![c](d/e.svg "title") [web](https://example.org/x.md) <img alt="" src="f.png"> [g][h] `[no](no.md)`
        [in](k.md#part-1) [here](#part)

        [h]: i/j.md
        ```python
        x = y[0](no)  # [no](no.md)
        ```
        ```sh
        make report CORES=8  # comment
        cd x && make no
        make
        ```
    """)
    assert targets(text) == ["b.md", "d/e.svg", "f.png", "k.md#part-1", "#part", "i/j.md"]
    assert anchors(text) == {"a-title-with-code-2-words"}
    assert make_commands(text) == [["report", "CORES=8"], []]
    assert [(block.language, block.line) for block in blocks(text)] == [("python", 7), ("sh", 10)]


def test_the_derivation_ends_in_the_code_that_ships() -> None:
    """One block of the derivation is the source of `batch_norm_backward`, comments and all, to the last character."""
    found = [
        block.body
        for block in blocks(DERIVATION.read_text(encoding="utf-8"))
        if block.language == "python"
        and any(getattr(node, "name", "") == "batch_norm_backward" for node in ast.walk(ast.parse(block.body)))
    ]
    assert found == [inspect.getsource(layers.batch_norm_backward)]


def test_the_derivation_prints_what_it_says(program: Program) -> None:
    """Every block that prints is followed by a text block with just that, and no text block comes from nowhere."""
    shown = {}
    last = 0
    for block in blocks(DERIVATION.read_text(encoding="utf-8")):
        if block.language == "python":
            last = block.line
        elif block.language == "text":
            assert last not in shown
            shown[last] = block.body
    assert shown == {line: text for line, text in program.printed.items() if text}
    assert len(shown) > 3


@pytest.mark.parametrize("epsilon", [2.2e-16, 1e-3, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_all_backward_passes_of_the_derivation_agree(program: Program, seed: int, epsilon: float) -> None:
    """Step by step, compact, as printed, as shipped and by the complex step: the same gradients to 1e-12."""
    random = np.random.default_rng(seed)
    n, d = 5 + seed, 3
    s, upstream = random.standard_normal((n, d)) + 2, random.standard_normal((n, d)) - 1
    gamma, beta = random.standard_normal(d), random.standard_normal(d)
    s_hat = np.empty_like(s)
    _, _, inverse_std = layers.batch_norm_forward(s, gamma, beta, out=np.empty_like(s), s_hat=s_hat, epsilon=epsilon)

    def in_place(backward: Any) -> list[np.ndarray]:
        g, g_gamma, g_beta = upstream.copy(), np.full(d, np.nan), np.full(d, np.nan)
        backward(g, s_hat, inverse_std, gamma, g_gamma=g_gamma, g_beta=g_beta)
        return [g, g_gamma, g_beta]

    expected = complex_step(upstream, s, gamma, beta, epsilon)
    for found in (
        program.names["backward_step_by_step"](upstream, s, gamma, epsilon),
        program.names["backward_compact"](upstream, s_hat, inverse_std, gamma),
        in_place(program.names["batch_norm_backward"]),
        in_place(program.names["wrong"]()["batch_norm_backward"]),  # without a mistake
        in_place(layers.batch_norm_backward),
    ):
        assert max(errors(found, expected)) <= TOLERANCE
    assert program.names["batch_norm_backward"] is not layers.batch_norm_backward


def test_the_derivation_leaves_the_layers_as_they_were(program: Program) -> None:
    """The mistakes that it measures are taken back: the module holds its own functions."""
    assert program.printed
    assert layers.batch_norm_backward.__module__ == layers.relu_backward.__module__ == "bnlab.numerics.layers"


def test_the_derivation_s_figures_can_be_drawn_again(tmp_path: Path) -> None:
    """The script beside them draws every figure that the derivation shows."""
    script = ROOT / "docs" / "figures" / "bn_backward_figures.py"
    runpy.run_path(str(script))["main"](tmp_path)
    figures = {path.name for path in linked(DERIVATION) if path.suffix == ".svg"}
    assert (
        {path.name for path in tmp_path.iterdir()} == figures == {path.name for path in script.parent.glob("bn_*.svg")}
    )
