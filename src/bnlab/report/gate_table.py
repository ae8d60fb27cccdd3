"""The gradient check as a table: per network and oracle the worst error of each kind of parameter."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bnlab.formatting import network_words
from bnlab.runs.names import network_text

ORACLES = {"central": "central differences", "complex": "complex step", "autodiff": "automatic differentiation"}
KINDS = {"W": "W", "b": "b", "gamma": "γ", "beta": "β"}


@dataclass(frozen=True)
class WorstError:
    """The largest error over layers and conditions, and whether all of them passed."""

    error: float
    passed: bool


@dataclass(frozen=True)
class OracleRow:
    """What one oracle says of one network.

    relative: by kind of parameter, in the order of KINDS, None where the network has no such array.
    absolute: of all arrays whose true gradient vanishes, None where there are none.
    """

    oracle: str
    relative: list[WorstError | None]
    absolute: WorstError | None


@dataclass(frozen=True)
class NetworkGroup:
    """One network, with or without batch normalization, under all the conditions that it met."""

    network: str
    batch_norm: bool
    conditions: int
    arrays: int
    rows: list[OracleRow]


@dataclass(frozen=True)
class UpdateRow:
    """The updates of one kind of network with one kind of momentum, over all other settings that were checked.

    momentum: 0 if there is none.  restarts: whether the velocity is zero again at the start of every epoch.
    """

    batch_norm: bool
    momentum: float
    restarts: bool
    kinds: int
    relative: WorstError
    absolute: WorstError


@dataclass(frozen=True)
class GradientTable:
    """All checks on the images of one data set; `rejected_draws` of parameters came too close to a kink.

    inference: by quantity the worst error of any evaluation, of which there are `evaluations`.
    """

    data: str
    settings: dict[str, Any]
    groups: list[NetworkGroup]
    arrays: int
    rejected_draws: int
    updates: list[UpdateRow]
    inference: dict[str, float]
    evaluations: int
    passed: bool


def gradient_table(content: dict[str, Any]) -> GradientTable:
    """Arrange the content of results/gradients/<data>.json."""
    groups = []
    for (hidden, batch_norm), found in groupby(content["checks"], lambda check: (check["hidden"], check["batch_norm"])):
        checks = list(found)
        arrays = [array for check in checks for array in check["arrays"]]
        groups.append(
            NetworkGroup(
                network_words(network_text(hidden), len(hidden) + 1),
                batch_norm,
                len(checks),
                len(checks[0]["arrays"]),
                [_row(oracle, arrays) for oracle in ORACLES],
            )
        )
    return GradientTable(
        data=content["data"],
        settings=content["settings"],
        groups=groups,
        arrays=sum(len(check["arrays"]) for check in content["checks"]),
        rejected_draws=sum(check["rejected_draws"] for check in content["checks"]),
        updates=_update_rows(content["updates"]),
        inference={
            quantity: max(check["errors"][quantity] for check in content["inference"])
            for quantity in content["inference"][0]["errors"]
        },
        evaluations=len(content["inference"]),
        passed=all(check["passed"] for check in (*content["updates"], *content["inference"]))
        and not any(array["failed"] for check in content["checks"] for array in check["arrays"]),
    )


def _update_rows(updates: list[dict[str, Any]]) -> list[UpdateRow]:
    rows = []
    keys = ("batch_norm", "momentum", "momentum_restarts")
    for (batch_norm, momentum, restarts), found in groupby(updates, lambda update: [update[key] for key in keys]):
        kinds = list(found)
        passed = all(update["passed"] for update in kinds)
        relative, absolute = (
            WorstError(max(update[measure] for update in kinds), passed) for measure in ("relative", "absolute")
        )
        rows.append(UpdateRow(batch_norm, momentum, restarts, len(kinds), relative, absolute))
    return rows


def _row(oracle: str, arrays: list[dict[str, Any]]) -> OracleRow:
    relative = [array for array in arrays if array["measure"] == "relative"]
    return OracleRow(
        ORACLES[oracle],
        [_worst(oracle, [array for array in relative if _kind(array) == kind]) for kind in KINDS],
        _worst(oracle, [array for array in arrays if array["measure"] == "absolute"]),
    )


def _worst(oracle: str, arrays: list[dict[str, Any]]) -> WorstError | None:
    arrays = [array for array in arrays if oracle in array["errors"]]
    if not arrays:
        return None
    passed = not any(oracle in array["failed"] for array in arrays)
    return WorstError(max(array["errors"][oracle] for array in arrays), passed)


def _kind(array: dict[str, Any]) -> str:
    kind: str = array["array"].rstrip("0123456789")
    return kind
