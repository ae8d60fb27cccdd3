"""How the report writes numbers."""

import math


def percent(fraction: float) -> str:
    """53.16: a fraction in percent."""
    return _or_dash(100 * fraction, ".2f")


def points(fraction: float) -> str:
    """+0.44: a difference of fractions in percentage points, always signed."""
    return _or_dash(100 * fraction, "+.2f")


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
    """5.6e-10."""
    return f"{value:.1e}"


def short(value: float) -> str:
    """0.412, −0.510, 1.2e−9: three significant digits, or two and a power of ten."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    plain = value == 0 or 1e-3 <= abs(value) < 1e3
    return (f"{value:#.3g}" if plain else f"{mantissa}e{int(exponent)}").replace("-", "−")


def count(n: int, noun: str) -> str:
    """1 run, 34 runs."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _and_sd(mean: str, sd_text: str, sd: float) -> str:
    return mean if math.isnan(sd) else f"{mean} ± {sd_text}"


def _or_dash(value: float, spec: str) -> str:
    return "–" if math.isnan(value) else f"{value:{spec}}".replace("-", "−")
