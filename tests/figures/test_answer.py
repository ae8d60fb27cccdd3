"""The first figure of the synthesis: every outcome has its look, every accuracy its place."""

import pandas as pd
from matplotlib.figure import Figure

from bnlab.claims.outcomes import OUTCOMES
from bnlab.figures.answer import FARTHEST, LOOKS, NUMBERED, _draw_forest, _placed, draw


def table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Printed accuracies of questions and reports, so many points from ours."""
    return pd.DataFrame(
        [
            {"question": question, "report": report, "reported": 0.5 + gap / 100, "ours": 0.5, "low": 0.49,
             "high": 0.51, "outcome": "REPRODUCED"}
            for question, report, gap in rows
        ]
    )  # fmt: skip


def test_every_outcome_has_a_look_of_its_own() -> None:
    """In the order of the outcomes; neither colour nor mark stands for two of them."""
    assert tuple(LOOKS) == OUTCOMES
    for looks in zip(*LOOKS.values(), strict=True):
        assert len(set(looks)) == len(OUTCOMES)


def test_marks_go_from_left_to_right_within_their_question() -> None:
    """At least a place apart, further where the report changes, and inside the edges of their question."""
    placed, edges = _placed(table(("a b", "x", 0), ("a b", "x", 1), ("a b", "y", 0), ("c", "x", 0)))
    steps = placed["place"].diff().dropna().tolist()
    assert steps[0] == 1 < steps[1] < steps[2]
    assert edges == sorted(edges) and len(edges) == 3
    for (_, rows), low, high in zip(placed.groupby("question", sort=False), edges, edges[1:], strict=False):
        assert low < rows["place"].min() <= rows["place"].max() < high


def test_what_lies_beyond_the_axis_has_its_number_if_few_do() -> None:
    """A page of numbers upon each other would tell nothing."""
    for many in (1, NUMBERED, NUMBERED + 1):
        axes = Figure().subplots()
        _draw_forest(axes, table(*[("a", "x", FARTHEST + 5)] * many, ("a", "x", 0)))
        numbers = [text.get_text() for text in axes.texts if text.get_text() == "+13.0"]
        assert len(numbers) == (many if many <= NUMBERED else 0)


def test_without_accuracies_there_are_bars_all_the_same() -> None:
    """And words in place of marks."""
    counts = {outcome: [1] for outcome in OUTCOMES} | {"report": ["all"], "group": ["statements"], "total": [6]}
    forest, bars = draw(table(), pd.DataFrame(counts), generated=False).axes
    assert [text.get_text() for text in forest.texts] == ["No claim is an accuracy in print."]
    assert len(bars.patches) == len(OUTCOMES)
