"""Checks of gradients in projects whose point is another: few units, pixels and entries, in place of seconds of CPU."""

from pathlib import Path

SMALLER = {
    "gate.yaml": [
        ("  - [50]\n  - [50, 50]\n  - [50, 50, 50]\n  - [50, 30, 20, 20, 10, 10, 10, 10]\n", "  - [4]\n"),
        ("entries: 500", "entries: 10"),
        ("entries: 50}", "entries: 10}"),
        ("inputs: 3072", "inputs: 30"),
        ("images: 600", "images: 200"),
    ],
    "step_sizes.yaml": [("hidden: [10]", "hidden: [3]"), ("per_decade: 2", "per_decade: 1")],
    "overfit.yaml": [("step: 500", "step: 2"), ("images: 100", "images: 20")],
}


def make_small(config: Path) -> None:
    """Edit the settings below `config`; what is replaced must be there."""
    for name, edits in SMALLER.items():
        path = config / "gradients" / name
        text = path.read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text, (name, old)
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
