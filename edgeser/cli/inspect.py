"""`edgeser inspect`: what is inside a .tflite."""
