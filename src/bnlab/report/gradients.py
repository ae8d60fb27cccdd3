"""The gradient check as a matrix: networks down, parameter arrays across."""

import re
from dataclasses import dataclass
from typing import Any

from bnlab.analysis.wording import network_words, short_number
from bnlab.spec import network_text

SYMBOLS = {"W": "W", "b": "b", "gamma": "γ", "beta": "β"}


@dataclass(frozen=True)
class ArrayName:
    """A parameter array, for example γ of layer 1."""

    symbol: str
    layer: int


@dataclass(frozen=True)
class GradientRow:
    """One checked network; `errors` follows the table's arrays, None where the network has no such array."""

    network: str
    batch_norm: bool
    weight_decay: str
    errors: list[dict[str, Any] | None]


@dataclass(frozen=True)
class GradientTable:
    """All checks on the images of one data set."""

    data: str
    settings: dict[str, Any]
    arrays: list[ArrayName]
    rows: list[GradientRow]
    passed: bool


def gradient_table(content: dict[str, Any]) -> GradientTable:
    """Arrange the content of results/gradients/<data>.json."""
    names = {array["array"] for check in content["checks"] for array in check["arrays"]}
    columns = sorted(names, key=array_order)
    rows = []
    for check in content["checks"]:
        found = {array["array"]: array for array in check["arrays"]}
        rows.append(
            GradientRow(
                network_words(network_text(check["hidden"]), len(check["hidden"]) + 1),
                check["batch_norm"],
                short_number(check["weight_decay"]),
                [found.get(name) for name in columns],
            )
        )
    return GradientTable(
        data=content["data"],
        settings=content["settings"],
        arrays=[array_name(name) for name in columns],
        rows=rows,
        passed=all(array["passed"] for check in content["checks"] for array in check["arrays"]),
    )


def array_name(name: str) -> ArrayName:
    """The symbol and the layer of an array, gamma1 for example."""
    kind, layer = _parts(name)
    return ArrayName(SYMBOLS[kind], layer)


def array_order(name: str) -> tuple[int, int]:
    """The key by which columns are sorted: all W, then all b, then all γ and β."""
    kind, layer = _parts(name)
    return list(SYMBOLS).index(kind), layer


def _parts(name: str) -> tuple[str, int]:
    match = re.fullmatch(r"([A-Za-z]+)(\d+)", name)
    assert match is not None, name
    return match[1], int(match[2])
