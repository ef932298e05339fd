#!/bin/sh
# From an ONNX file to firmware.
set -eu
python3 "$(dirname "$0")/network.py"
edgeser export network.onnx --target int8 --calibration calibration.npz --out network-int8
edgeser lint network-int8/model-int8.tflite || echo "some operators would run on the CPU"
edgeser bench network-int8/model-int8.tflite --device emulator
edgeser export network-int8/model-int8.tflite --target firmware --name network --out firmware
