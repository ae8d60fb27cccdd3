"""From stored runs to tables and figures. Reads files, never numerics."""
