/* SPDX-License-Identifier: Apache-2.0 */
/* Python buffers, checked: what a caller hands in is of the type that it must be, or refused. */
#ifndef EDGESER_BINDING_BUFFERS_H
#define EDGESER_BINDING_BUFFERS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>

/* Take a C-contiguous buffer of one element type (a struct module's format); 0 with an exception
 * set, and nothing taken, when it is another. */
int take_buffer(PyObject *object, Py_buffer *view, const char *format, int writable,
                const char *name);

/* Elements of a buffer that was taken. */
size_t length_of(const Py_buffer *view);

#endif
