"""One thing held to another: float and int8, features, a target's outputs, audio on both sides."""
