"""The learning rate as a function of the update."""


def triangular(update: int, *, minimum: float, maximum: float, step: int) -> float:
    """Cyclical learning rate (Smith 2015): `minimum` at update 0, `maximum` at `step`, `minimum` at 2 * step.

    Equal minimum and maximum give a constant rate.
    """
    height = 1 - abs(update % (2 * step) / step - 1)
    return minimum + height * (maximum - minimum)


def decayed(rate: float, update: int, *, decay: float, epoch: int) -> float:
    """The rate of an update after the decay of every whole epoch, of `epoch` updates, before it."""
    return rate * decay ** (update // epoch)
