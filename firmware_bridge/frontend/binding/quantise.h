/* SPDX-License-Identifier: Apache-2.0 */
/* Features to a network's int8 input, for whole arrays. */
#ifndef EDGESER_BINDING_QUANTISE_H
#define EDGESER_BINDING_QUANTISE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* quantise(affines, amplitude, phase, output): amplitude is frames x channels, the rest follows. */
PyObject *quantise(PyObject *module, PyObject *args);

#endif
