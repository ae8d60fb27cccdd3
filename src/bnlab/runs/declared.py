"""The base of everything that is declared in YAML: strict types, no unknown keys, no infinities."""

from pydantic import BaseModel, ConfigDict


class Declared(BaseModel):
    """A mapping of the configuration. The text below a field describes its key, in docs/configuration.md too."""

    # defer_build: a command that reads one file of many does not wait for the models of all.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)
