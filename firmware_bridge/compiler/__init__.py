"""Fully-int8 .tflite models into C: lowered kernel calls, a static arena plan, model.h and model.c."""
