"""bnlab: batch normalization in hand-written NumPy networks, studied reproducibly.

In Python, `bnlab.load_runs`, `load_curves` and `load_claims` give results as pandas frames, and `bnlab.Run` one run
with its network.
"""

import importlib
from typing import Any

__all__ = ["Run", "load_claims", "load_curves", "load_runs"]
_HOMES = {"Run": "run"} | dict.fromkeys(("load_claims", "load_curves", "load_runs"), "frames")


def __getattr__(name: str) -> Any:
    # By its name as a text: every job imports this package, and should neither load pandas nor count this as its code.
    if name in _HOMES:
        return getattr(importlib.import_module(f"bnlab.browse.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'bnlab' has no attribute '{name}'")
