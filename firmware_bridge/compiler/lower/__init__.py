"""One lowering a kind of operator: what a layer of the .tflite becomes as the call of a kernel."""
