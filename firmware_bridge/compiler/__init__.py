"""Fully-int8 .tflite models into C: kernel calls, a static arena plan, model.h and model.c."""
