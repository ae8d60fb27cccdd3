"""From datasets.yaml to validated data sets beside the built-in ones."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bnlab.config.fields import WITHOUT, different, expect
from bnlab.config.reader import check_name, read_yaml
from bnlab.config.violations import check, one_of
from bnlab.data.source import Source
from bnlab.errors import ConfigError
from bnlab.runs.datasets import BUILT_IN, DataSet
from bnlab.runs.declared import Declared

FILE = "datasets.yaml"


class Size(Declared):
    """How large a data set is."""

    training: int = Field(ge=2)
    """Images that can be split into training and validation parts."""
    test: int = Field(ge=1)
    """Images of the test part."""
    pixels: int = Field(ge=1)
    """Numbers of one image, over all its channels."""
    classes: int = Field(ge=2, le=256)
    """Classes."""


class DataSetItem(Declared):
    """A data set: where it is obtained, in which format it is, and what it must hold."""

    title: str
    """Its name on pages and in figures."""
    format: Literal["cifar10", "cifar100", "idx", "npz", "png"]
    """The format of its files (docs/adding-a-data-set.md)."""
    source: str
    """The file, archive or folder, from the project's folder on; ~ is the user's own folder."""
    download: Annotated[list[Annotated[str, expect("https?://[^ ]+", "an address")]], different] = Field(default=[])
    """Addresses of files that are downloaded into the source's folder unless they are there."""
    labels: Literal["fine", "coarse"] = "fine"
    """Which of the two labels of CIFAR-100."""
    test_images: int = Field(default=0, ge=0)
    """How many images are drawn for testing, where the format holds no test part."""
    classes: Annotated[list[str], different] = Field(default=[])
    """The names of labels 0, 1, ...; without them, folders' names, or the labels themselves."""
    digest: Annotated[str, expect("[0-9a-f]{64}", "64 hex digits")] = Field(default=WITHOUT)
    """The digest of its content, which `bnlab prepare` prints; a part of the name of every run on it."""
    size: Size = Field(default=WITHOUT)
    """Its size, which `bnlab prepare` prints too."""

    @model_validator(mode="after")
    def _labels_of_cifar100(self) -> Self:
        if self.labels != "fine" and self.format != "cifar100":
            raise ValueError(f"labels: found coarse, which only cifar100 has, with format {self.format}")
        return self


def load_data_set_items(folder: Path) -> dict[str, DataSetItem]:
    """The entries of datasets.yaml by name; none without that file. Raises ConfigError with all violations."""
    path = folder / FILE
    if not path.exists():
        return {}
    content = read_yaml(path) or {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a mapping of names to data sets.")
    items, found = {}, []
    for name, item in content.items():
        check_name(name, source=str(path), what="data set")
        if name in BUILT_IN or "_" in name:
            found.append(f"{path}: {name}: expected a name without '_' other than {' and '.join(BUILT_IN)}.")
        try:
            items[name] = check(DataSetItem, item, source=f"{path}: {name}")
        except ConfigError as error:
            found.append(str(error))
    if found:
        raise ConfigError("\n".join(found))
    return items


def known_data_set(name: object, items: dict[str, DataSetItem], *, source: str) -> DataSet:
    """The data set that a protocol names. Raises ConfigError when there is none, or it has no digest yet."""
    if isinstance(name, str) and name in BUILT_IN:
        return BUILT_IN[name]
    if not isinstance(name, str) or name not in items:
        raise ConfigError(f"{source}: data: found {name!r}, {one_of(name, sorted({*BUILT_IN, *items}))}")
    item = items[name]
    if item.digest is None or item.size is None:
        raise ConfigError(
            f"{source}: data: {name} has no digest and size in config/{FILE} yet, of which its runs' names are made. "
            f"`bnlab prepare {name}` prints them; put them there."
        )
    return DataSet(name, item.title, item.digest, item.size.training, item.size.pixels, item.size.classes)


def data_sets(folder: Path) -> dict[str, DataSet]:
    """Those that runs can be trained on, by name. Raises ConfigError."""
    items = load_data_set_items(folder)
    pinned = [name for name, item in items.items() if item.digest is not None and item.size is not None]
    return BUILT_IN | {name: known_data_set(name, items, source=str(folder / FILE)) for name in pinned}


def source_of(name: str, folder: Path) -> Source:
    """Where a data set of datasets.yaml comes from. Raises ConfigError when there is none of that name."""
    items = load_data_set_items(folder)
    if name not in items:
        raise ConfigError(f"'{name}' is no data set: {one_of(name, sorted({*BUILT_IN, *items}))}")
    item = items[name]
    return Source(
        name,
        item.format,
        Path(item.source),
        download=tuple(item.download),
        labels=item.labels,
        test_images=item.test_images,
        classes=tuple(item.classes),
    )
