"""The reports' claims: read, joined with the runs they are about, and judged (docs/claims.md)."""
