"""Recordings in, a speech-emotion model on a device out."""
