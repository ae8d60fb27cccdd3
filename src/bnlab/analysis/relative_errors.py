"""What reports can mean by a relative error of a gradient, and from where on one is more than rounding."""

RELATIVE = ("norm_max", "norm_sum", "elementwise_mean", "sum_ratio")
"""The measures that a report can mean by "relative error"."""
LARGE = 1e-3
"""A relative error above this is more than rounding: like a moment, it belongs in the range of our draws itself."""
