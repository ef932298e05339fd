"""Audio files: what they are, how they are read and written, and what is wrong with their sound."""
