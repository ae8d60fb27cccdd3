"""The base of everything that is declared in YAML: strict types, no unknown keys, no infinities."""

from pydantic import BaseModel, ConfigDict


class Declared(BaseModel):
    """A mapping of the configuration. The text below a field describes its key, in docs/configuration.md too."""

    # A command that reads one file of many should not wait for the models of all: built when first used.
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True, defer_build=True
    )
