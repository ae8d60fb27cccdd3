"""The data sets there are, each known by the digest of its content, whatever file it came from.

After an edit of the generator (bnlab.data.generate) put the digest that `python -m bnlab prepare generated` finds
here: the runs on generated images then get new names and are trained anew.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataSet:
    """How many training images can be split, and the digest that `data.prepared` gives to the right content."""

    training_images: int
    digest: str


DATA_SETS = {
    "cifar10": DataSet(50_000, "2f02b7e0236c475c55f2101accc84ea0e8fadfe09e8b94c27c9205027870bd8d"),
    "generated": DataSet(6_000, "79c282c448d5d274d2ba9a4d8f8270f64cb48f00982b2b882e16e7287ae173f6"),
}
