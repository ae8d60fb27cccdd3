"""Results for others, and from others; and what no study needs any more."""
