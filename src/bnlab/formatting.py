"""How tables and figures name things to a reader."""

import math
import re
from decimal import Decimal

from bnlab.runs.names import number_text

WITH, WITHOUT = "with batch normalization", "without batch normalization"
GENERATED_NOTE = "Generated data, not CIFAR-10"


MEASURE_WORDS = {
    "norm_max": "‖a − n‖ / max(‖a‖, ‖n‖)",
    "norm_sum": "‖a − n‖ / (‖a‖ + ‖n‖)",
    "elementwise_mean": "mean of |a − n| / (|a| + |n|)",
    "sum_ratio": "Σ|a − n| / max(1e-5, Σ|a + n|)",
    "complex_step": "crossed weights by complex step",
    "gradient_mean": "mean of a",
    "gradient_std": "standard deviation of a",
    "difference_mean": "mean of n − a",
    "difference_std": "standard deviation of n − a",
    "difference_max": "maximum of n − a",
}


def measure_words(measure: str) -> str:
    """The formula of a gradient check's measure: a is the analytic gradient, n the numerical one."""
    return MEASURE_WORDS[measure]


def array_words(array: str) -> str:
    """A parameter array for a figure, in TeX: W_{1}, or the Greek letter."""
    kind, layer = re.fullmatch(r"([A-Za-z]+)(\d+)", array).groups()  # type: ignore[union-attr]
    return f"{kind}_{{{layer}}}" if len(kind) == 1 else f"\\{kind}_{{{layer}}}"


def batch_norm_words(batch_norm: bool) -> str:
    """With or without batch normalization."""
    return WITH if batch_norm else WITHOUT


def network_words(network: str, layers: int) -> str:
    """3 layers (50-50): the layers with weights, and the widths of the hidden ones."""
    if network == "linear":
        return "1 layer (linear)"
    return f"{layers} layers ({network})"


def initialization_words(initialization: str) -> str:
    """He, Xavier or fan-in initialization, or σ = 1e-3, the standard deviation of every initial weight."""
    schemes = {"he": "He initialization", "fan_in": "fan-in initialization", "xavier": "Xavier initialization"}
    if initialization in schemes:
        return schemes[initialization]
    return f"σ = {short_number(float(initialization.removeprefix('sigma')))}"


def learning_rate_words(learning_rate: str) -> str:
    """The digits of a constant learning rate, 0.02, or that it is scheduled."""
    if learning_rate == "scheduled":
        return learning_rate
    return short_number(float(learning_rate.removeprefix("eta")))


def weight_decay_words(weight_decay: float) -> str:
    """A weight decay with its symbol: λ = 0.005."""
    return f"λ = {short_number(weight_decay)}"


def short_number(value: float) -> str:
    """All digits of a setting in its shorter spelling: 0.1, 0.005, 1e-3, 7.2e-5."""
    mantissa, _, exponent = f"{Decimal(repr(float(value))):e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    if value == 0 or value >= 0.01 or (value >= 0.001 and mantissa != "1"):
        return number_text(value)
    return f"{mantissa}e{int(exponent)}"


def percent(fraction: float) -> str:
    """53.16: a fraction in percent."""
    return _or_dash(100 * fraction, "z.2f")


def points(fraction: float) -> str:
    """+0.44: a difference of fractions in percentage points, always signed."""
    return _or_dash(100 * fraction, "+z.2f")


def percent_and_sd(mean: float, sd: float) -> str:
    """53.16 ± 0.10, or 53.16 when one seed gives no deviation."""
    return _and_sd(percent(mean), percent(sd), sd)


def points_and_sd(mean: float, sd: float) -> str:
    """+0.44 ± 0.20, or +0.44 when one pair gives no deviation."""
    return _and_sd(points(mean), percent(sd), sd)


def loss_and_sd(mean: float, sd: float) -> str:
    """1.330 ± 0.024, or 1.330 when one seed gives no deviation."""
    return _and_sd(_or_dash(mean, ".3f"), _or_dash(sd, ".3f"), sd)


def error(value: float) -> str:
    """An error to two significant digits: 5.6e-10."""
    return f"{value:.1e}"


def short_error(value: float) -> str:
    """0.412, −0.510, 1.2e−9: three significant digits, or two and a power of ten; 0, inf and nan as they are."""
    if value == 0 or not math.isfinite(value):
        return f"{value:z.0f}".replace("-", "−")
    if 1e-3 <= abs(float(f"{value:.3g}")) < 1e3:
        return f"{value:#.3g}".rstrip(".").replace("-", "−")
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def count(n: int, noun: str) -> str:
    """A number with its noun, in the plural unless the number is 1: 1 run, 34 runs."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _and_sd(mean: str, sd_text: str, sd: float) -> str:
    return mean if math.isnan(sd) else f"{mean} ± {sd_text}"


def _or_dash(value: float, spec: str) -> str:
    return "–" if math.isnan(value) else f"{value:{spec}}".replace("-", "−")
