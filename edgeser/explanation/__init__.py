"""Why the int8 model decides so: saliency by occlusion, what it is worth, what experts hear there.

It works on arrays and functions that run a model; which model, and how, the caller decides.
"""
