#!/bin/sh
# From a folder of WAV files to firmware: run.sh RECORDINGS [RECIPE [FOLDER]]
set -eu
recordings=$1
recipe=${2:-$(dirname "$0")/keywords.toml}
folder=${3:-runs/words}

edgeser corpus check "generic:$recordings" --labels any
edgeser run "$recipe" --corpus "generic:$recordings" --out "$folder"
edgeser export "$folder" --target firmware --name words --out firmware
edgeser parity "$folder" --device emulator --clips 3
