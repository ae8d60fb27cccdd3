"""One run: train, evaluate, store."""
