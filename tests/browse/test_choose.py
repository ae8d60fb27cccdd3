"""Rows, columns and an order, as a command line asks for them."""

import contextlib

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlab.browse.choose import columns, ordered, where
from bnlab.errors import ConfigError

TABLE = pd.DataFrame(
    {
        "network": ["50", "50-50", "9"],
        "batch_norm": [True, False, True],
        "accuracy": [0.5, float("nan"), 0.25],
    }
)


@pytest.mark.parametrize(
    ("conditions", "rows"),
    [
        ([], [0, 1, 2]),
        (["batch_norm=true"], [0, 2]),
        (["batch_norm!=TRUE"], [1]),
        (["network=50"], [0]),
        (["accuracy>=0.5"], [0]),
        (["accuracy<0.5"], [2]),
        (["accuracy!=0.5"], [1, 2]),
        (["batch_norm=true", "accuracy<=0.25"], [2]),
        (["network=none"], []),
    ],
)
def test_conditions_choose_rows(conditions: list[str], rows: list[int]) -> None:
    """All of them have to hold; what is not there is equal to nothing."""
    assert where(TABLE, conditions).index.tolist() == rows


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("batch_norm", "found 'batch_norm', expected COLUMN=VALUE"),
        ("none=1", "found 'none', expected one of network, batch_norm, accuracy"),
        ("batch_norm=1", "expected true or false"),
        ("accuracy=high", "expected a number"),
    ],
)
def test_what_is_no_condition_is_refused(condition: str, message: str) -> None:
    """With what was expected."""
    with pytest.raises(ConfigError, match=message):
        where(TABLE, [condition])


@given(st.text())
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    """Nothing else happens."""
    with contextlib.suppress(ConfigError):
        assert set(where(TABLE, [text]).index) <= {0, 1, 2}


def test_order_and_columns() -> None:
    """A minus turns the order round; unknown names are refused."""
    assert ordered(TABLE, "accuracy").index.tolist() == [2, 0, 1]
    assert ordered(TABLE, "-accuracy").index.tolist() == [0, 2, 1]
    assert ordered(TABLE, None) is TABLE
    assert columns(TABLE, None) is None
    chosen = columns(TABLE, "accuracy, network")
    assert chosen is not None and list(chosen) == ["accuracy", "network"]
    for refused in (lambda: ordered(TABLE, "none"), lambda: columns(TABLE, "none")):
        with pytest.raises(ConfigError, match="found 'none', expected one of"):
            refused()
