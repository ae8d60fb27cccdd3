"""The documentation as a site: `make docs`. The pages are Markdown that reads on its own, too."""

import sys
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "src"))

project = "bnlab"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["site"]
html_theme = "furo"
default_role = "code"
html_title = "bnlab"
html_copy_source = False
html_show_copyright = False
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
html_math_renderer = "mathml"
html_static_path = ["site"]
html_css_files = ["site.css"]


def setup(app: Any) -> None:
    """Write formulas as MathML, which browsers draw by themselves: no script is needed, nor a network."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))


def inline(translator: Any, node: Any) -> None:
    """A formula in a line of text."""
    translator.body.append(convert(node.astext()))
    raise SkipNode


def block(translator: Any, node: Any) -> None:
    """A formula by itself, which scrolls where the screen is too narrow."""
    translator.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise SkipNode
