"""Estimates order runs by their length."""

from dataclasses import replace
from pathlib import Path

import pytest

from bnlab.config.protocols import load_protocols
from bnlab.runs import duration
from bnlab.runs.duration import estimated_seconds
from bnlab.runs.spec import RunSpec
from tests.protocols import changed

PROTOCOL = load_protocols(Path(__file__).parents[2] / "config")["official"]
SPEC = RunSpec("official", (50, 50), batch_norm=False, initialization="he", weight_decay=0.005, seed=1)


def test_more_work_costs_more() -> None:
    """Normalization, depth, width, updates, curve points and larger mini-batches all cost time."""
    least = estimated_seconds(SPEC, PROTOCOL)
    specs = [replace(SPEC, batch_norm=True), replace(SPEC, hidden=(50, 50, 50)), replace(SPEC, hidden=(60, 50))]
    protocols = [
        changed(PROTOCOL, cycles=3),
        changed(PROTOCOL, curve_points=82),
        changed(PROTOCOL, batch_size=200),
    ]
    assert all(estimated_seconds(spec, PROTOCOL) > least for spec in specs)
    assert all(estimated_seconds(SPEC, protocol) > least for protocol in protocols)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        # 9,000 updates of 100 images, 41 points of twice 1,500, and 50,000 at the end; images that are evaluated need
        # half the fetching, and half the products of those that train.
        ("START", 1),
        ("FETCH", 900_000 + (41 * 3_000 + 50_000) / 2),
        ("PRODUCT", (2 * 900_000 + 41 * 3_000 + 50_000) * (3072 * 50 + 50 * 50 + 50 * 10)),
        ("CALLS", 9_000 * 2),
    ],
)
def test_what_is_counted(monkeypatch: pytest.MonkeyPatch, term: str, expected: float) -> None:
    """Each part of the estimate by hand: it alone costs a second apiece."""
    for name in ("START", "FETCH", "PRODUCT"):
        monkeypatch.setattr(duration, name, float(name == term))
    monkeypatch.setattr(duration, "CALLS", {False: float(term == "CALLS")})
    assert estimated_seconds(SPEC, PROTOCOL) == expected


def test_what_does_not_matter_costs_nothing() -> None:
    """The order among the seeds and the settings of one network is the configuration's."""
    same = replace(SPEC, seed=9, weight_decay=0.0, initialization=0.1)
    assert estimated_seconds(same, PROTOCOL) == estimated_seconds(SPEC, PROTOCOL)


def test_an_update_takes_milliseconds() -> None:
    """The unit is seconds: a run of 9,000 updates takes some tens of them."""
    assert 5 < estimated_seconds(SPEC, PROTOCOL) < 100
