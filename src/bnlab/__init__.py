"""bnlab: batch normalization in hand-written NumPy networks, studied reproducibly."""
