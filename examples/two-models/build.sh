#!/bin/sh
# Two models in one program: build.sh [FIRST [SECOND]], two bundles whose frontends are alike.
set -eu
here=$(dirname "$0")
edgeser export "${1:-pretrained}" --target firmware --board host --name first --out first
edgeser export "${2:-pretrained-small}" --target firmware --board host --name second --out second

# The kernels of both; those that both have are the same files.
mkdir -p kernels objects
cp -R first/kernels/. second/kernels/. kernels
includes="-Ikernels/include -Ifirst/model -Isecond/model -Ifirst/frontend -Isecond/frontend -Ifirst/frontend/include"
for source in "$here"/main.c first/model/first.c second/model/second.c kernels/src/*.c \
  first/frontend/*.c first/frontend/src/*.c second/frontend/*.c; do
  ${CC:-gcc} -std=c11 ${CFLAGS:--O2} $includes -c "$source" -o "objects/$(basename "$source" .c).o"
done
${CC:-gcc} objects/*.o -lm -o two-models
