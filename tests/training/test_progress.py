"""What a training says while it goes on."""

import io
import os
from typing import Any

import pytest

from bnlab.training.evaluate import Evaluation
from bnlab.training.progress import shown
from bnlab.training.recorder import CurvePoint


def points() -> list[CurvePoint]:
    """The beginning, the middle and the end of ten updates."""
    return [
        CurvePoint(update, 0.0, 0.1, 2.5 - update / 10, Evaluation(1, 1, 0.5), Evaluation(1, 1, accuracy))
        for update, accuracy in ((0, 0.1), (5, 0.25), (10, 0.5))
    ]


def test_a_log_grows_by_a_line_for_each_point(capfd: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    """Each line is there at once, in no buffer; without a terminal nothing draws."""
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with shown(10) as watch:
        watch(points()[0])
        assert capfd.readouterr().out == "update 0 of 10: batch loss 2.5000, validation accuracy 10.00 %\n"
        watch(points()[1])
        assert capfd.readouterr().out == "update 5 of 10: batch loss 2.0000, validation accuracy 25.00 %\n"


def test_a_full_disk_ends_no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be said is left out."""

    def refuse(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with shown(10) as watch:
        watch(points()[0])


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends full, with the last accuracy."""
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stderr", terminal)
    with shown(10) as watch:
        for point in points():
            watch(point)
    last = terminal.getvalue().split("\r")[-1]
    assert "10/10 [" in last
    assert "validation accuracy 50.00 %" in last
