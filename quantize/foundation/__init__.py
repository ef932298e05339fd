"""What all three packages stand on: errors, measurements, safe files, child processes.

It lives in `quantize` because arrows between the packages point this way and none comes back.
"""
