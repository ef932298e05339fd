/* SPDX-License-Identifier: Apache-2.0 */
#include "buffers.h"

#include <string.h>

int take_buffer(PyObject *object, Py_buffer *view, const char *format, int writable,
                const char *name) {
  const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(object, view, flags) < 0) {
    return 0;
  }
  if (view->format == NULL || strcmp(view->format, format) != 0) {
    PyErr_Format(PyExc_TypeError, "%s has format %s, not %s", name,
                 view->format == NULL ? "none" : view->format, format);
    PyBuffer_Release(view);
    return 0;
  }
  return 1;
}

size_t length_of(const Py_buffer *view) {
  return view->itemsize > 0 ? (size_t)(view->len / view->itemsize) : 0;
}
