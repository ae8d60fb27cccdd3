"""What a person sees while Snakemake works. Knows Snakemake's log records, and nothing else of it."""
