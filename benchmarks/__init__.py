"""What is timed, and against whom: each module prints ratios of figures measured in one run."""
