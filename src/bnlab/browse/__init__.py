"""Looking at results: for people, at a terminal or in Python. Nothing that makes or chooses imports this."""
