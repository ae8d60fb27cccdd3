"""The data: CIFAR-10 found, checked and decoded; the prepared copy that every run reads."""
