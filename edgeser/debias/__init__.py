"""Debiasing by confidence: which clips guide a bias, and the same emotions in contrary voices.

After CO-VADA (arXiv 2506.06071), without anybody's sex, age or race: a network that is stopped
early learns what is easiest, a bias among it. Clips of which it is surer than a network that is
trained against it guide that bias; by the vocoder WORLD they are said again in voices of those that
contradict it.
"""
