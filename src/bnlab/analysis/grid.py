"""The axes of an experiment's grid, as columns of its tables."""

SETTING = ["network", "layers", "initialization", "learning_rate", "weight_decay"]
"""What tells an experiment's cells apart, batch normalization aside: what twins share beside their seed."""
