# STAND-IN: not the SDK. This computer's own compilers.
