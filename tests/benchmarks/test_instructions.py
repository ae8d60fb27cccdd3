"""Processes run the kernels that a measurement names, and the figure shows each kind beside the other."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from benchmarks.instructions import available, held_to, running
from benchmarks.problem import NETWORKS
from benchmarks.tables import write_csv
from benchmarks.updates_figure import draw_updates

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif("AVX2" not in available(), reason="no CPU of the kind that has several sets")
@pytest.mark.parametrize("instructions", available())
def test_a_process_is_held_to_a_set(instructions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the shell asks for; and afterwards the environment is as it was."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    before = dict(os.environ)
    with held_to(instructions), ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        kernels = process.submit(running).result(timeout=60)
    assert dict(os.environ) == before
    assert f"numpy {'X86_V4' if instructions == 'AVX-512' else 'X86_V3'}" in kernels
    assert "Nehalem" not in kernels
    if "openblas" in kernels and instructions != available()[-1]:  # a CPU's newest go by its own name, Zen for example
        assert "Haswell" in kernels


def test_the_figures_have_a_panel_for_each_network_and_set(tmp_path: Path) -> None:
    """One figure per precision; a contestant that did not compete in a panel has a dash there."""
    rows = [
        {
            "instructions": instructions,
            "network": network,
            "batch_norm": batch_norm,
            "precision": precision,
            "contestant": contestant,
            **dict.fromkeys(("ms", "ms_low", "ms_high", "ratio"), 1.5),
        }
        for instructions in ("AVX2", "AVX-512")
        for network in NETWORKS
        for batch_norm in (False, True)
        for precision in ("float64", "float32")
        for contestant in ("floor", "bnlab", "scikit-learn")
        if not (batch_norm and contestant == "scikit-learn")
    ]
    write_csv(tmp_path / "updates.csv", rows)
    draw_updates(tmp_path / "updates.csv", tmp_path)
    for precision in ("float64", "float32"):
        text = (tmp_path / f"updates_{precision}.svg").read_text(encoding="utf-8")
        assert text.count("AVX2") >= len(NETWORKS) * 2
        assert "9-layer with BN, AVX-512" in text
