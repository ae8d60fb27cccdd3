"""The site: all results as pages that open from disk, with a ledger to filter and runs to compare."""
