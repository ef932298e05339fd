/* SPDX-License-Identifier: Apache-2.0 */
#include "quantise.h"

#include <string.h>

#include "apf_normalise.h"
#include "buffers.h"

static int shifts_are_legal(const struct apf_affine *affines, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (affines[i].shift < 1 || affines[i].shift > 62 || affines[i].offset > ((int64_t)1 << 61) ||
        affines[i].offset < -((int64_t)1 << 61)) {
      return 0;
    }
  }
  return 1;
}

struct quantise_buffers {
  Py_buffer affines, amplitude, phase, output;
};

static int take_quantise_buffers(PyObject *args, struct quantise_buffers *buffers) {
  PyObject *affines, *amplitude, *phase, *output;
  memset(buffers, 0, sizeof(*buffers));
  return PyArg_ParseTuple(args, "OOOO", &affines, &amplitude, &phase, &output) &&
         take_buffer(affines, &buffers->affines, "B", 0, "affines") &&
         take_buffer(amplitude, &buffers->amplitude, "H", 0, "amplitude") &&
         take_buffer(phase, &buffers->phase, "h", 0, "phase") &&
         take_buffer(output, &buffers->output, "b", 1, "output");
}

static void release_quantise_buffers(struct quantise_buffers *buffers) {
  PyBuffer_Release(&buffers->affines);
  PyBuffer_Release(&buffers->amplitude);
  PyBuffer_Release(&buffers->phase);
  PyBuffer_Release(&buffers->output);
}

static void normalise_all(const struct apf_normalise_state *state, size_t frames,
                          const uint16_t *amplitude, const int16_t *phase, int8_t *output) {
  for (size_t i = 0; i < frames; ++i) {
    apf_normalise_process(state, amplitude, phase, output);
    amplitude += state->channels;
    phase += state->channels * (state->planes - 1);
    output += state->channels * state->planes;
  }
}

PyObject *quantise(PyObject *Py_UNUSED(module), PyObject *args) {
  struct quantise_buffers buffers;
  if (!take_quantise_buffers(args, &buffers)) {
    release_quantise_buffers(&buffers);
    return NULL;
  }
  const Py_buffer *amplitude = &buffers.amplitude;
  const size_t frames = amplitude->ndim == 2 ? (size_t)amplitude->shape[0] : 0;
  const size_t channels = amplitude->ndim == 2 ? (size_t)amplitude->shape[1] : 0;
  const size_t affines = (size_t)buffers.affines.len / sizeof(struct apf_affine);
  const size_t planes = channels > 0 ? affines / channels : 0;
  if (planes == 0 || planes * channels * sizeof(struct apf_affine) != (size_t)buffers.affines.len ||
      length_of(&buffers.phase) != frames * channels * (planes - 1) ||
      length_of(&buffers.output) != frames * channels * planes ||
      (uintptr_t)buffers.affines.buf % sizeof(int64_t) != 0 ||
      !shifts_are_legal(buffers.affines.buf, affines)) {
    release_quantise_buffers(&buffers);
    PyErr_SetString(PyExc_ValueError, "shapes or affines do not fit together");
    return NULL;
  }
  const struct apf_normalise_state state = {channels, planes, buffers.affines.buf};
  Py_BEGIN_ALLOW_THREADS;
  normalise_all(&state, frames, amplitude->buf, buffers.phase.buf, buffers.output.buf);
  Py_END_ALLOW_THREADS;
  release_quantise_buffers(&buffers);
  Py_RETURN_NONE;
}
