"""The array types of the numerics."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Floating or complex numbers: float64 (archived results), float32 (exploration), complex128 (complex step)."""

Labels = npt.NDArray[np.integer[Any]]
"""Class labels, (n,)."""
