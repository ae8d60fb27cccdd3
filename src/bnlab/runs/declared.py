"""The base of everything that is declared in YAML: strict types, no unknown keys, no infinities."""

from pydantic import BaseModel, ConfigDict


class Declared(BaseModel):
    """A mapping of the configuration. The text below a field describes its key, in docs/configuration.md too."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
