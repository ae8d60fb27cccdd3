"""The arithmetic of a k-layer network with batch normalization. No files, no configuration, no hidden state."""
