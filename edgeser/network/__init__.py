"""The amplitude-phase network (PyTorch) and its weights."""
