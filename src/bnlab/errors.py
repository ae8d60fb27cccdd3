"""The errors a user can meet. Each message says what was found, what was expected and what to do next."""


class BnlabError(Exception):
    """An expected failure: the command line prints its message alone and exits with `exit_code`."""

    exit_code = 1


class ConfigError(BnlabError):
    """The configuration, or a run's name, asks for something that cannot be."""

    exit_code = 2


class DataError(BnlabError):
    """The data set cannot be obtained, or is not what it should be."""

    exit_code = 3


class StorageError(BnlabError):
    """A file cannot be written, or memory does not suffice."""

    exit_code = 4


class IntegrityError(BnlabError):
    """A stored result is not what was stored, or is not valid for what it is used for."""

    exit_code = 5


class CheckFailedError(BnlabError):
    """A scientific check failed, so nothing may be built on what it checks."""

    exit_code = 6
