"""What has to come before anything else: this tree's package, and a look at the configuration by the strict reader."""

import os
import re
import sys

# Jobs run this interpreter and this tree's package, whatever else is on the path or installed. Of a workflow that was
# installed or is far away, the package that is installed is the only one.
HERE = workflow.current_basedir.get_path_or_uri(secret_free=True)
SOURCE = os.path.abspath(os.path.join(HERE, "..", "..", "src"))
if os.path.isdir(os.path.join(SOURCE, "bnlab")):
    sys.path.insert(0, SOURCE)
    others = filter(None, [os.environ.get("PYTHONPATH")])
    os.environ.update(PYTHONPATH=os.pathsep.join([SOURCE, *others]))
os.environ.update(
    PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
)

from bnlab.config.studies import read_selection
from bnlab.errors import BnlabError
from bnlab.paths import CONFIG


def explained(function, *arguments, **options):
    """Call a function of the package and return its result; its BnlabErrors reach the user without a traceback."""
    try:
        return function(*arguments, **options)
    except BnlabError as error:
        raise WorkflowError(str(error)) from None


if re.search("[{}]", SOURCE):
    raise WorkflowError(
        f"{os.path.dirname(SOURCE)}: Snakemake takes braces in a path for wildcards. Move the project to a folder without."
    )

# Snakemake runs Python that a configuration file contains (its key __use_yte__): this reader knows no such key.
SELECTION = explained(read_selection)
