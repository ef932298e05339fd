/* SPDX-License-Identifier: Apache-2.0 */
/* Python binding of the amplitude-phase MicroFrontend: buffers in, buffers out, no GIL held while
 * features are computed. The caller allocates; dtypes and sizes are checked here. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

#include "apf_frontend.h"
#include "buffers.h"
#include "quantise.h"

/* Built twice: as host code likes it, and as devices have it, whose tables it hands out. */
#if defined(APF_SPLIT)
#define MODULE_NAME "_frontend"
#define MODULE_INIT PyInit__frontend
#else
#define MODULE_NAME "_frontend_packed"
#define MODULE_INIT PyInit__frontend_packed
#endif

typedef struct {
  PyObject_HEAD struct apf_config config;
  struct apf_memory sizes;
  struct apf_frontend frontend;
  void *tables;
  void *work;
  int busy; /* guarded by the GIL */
} Frontend;

static const char *const status_texts[] = {
    [APF_OK] = "ok",
    [APF_BAD_RATE] = "sample_rate is out of range",
    [APF_BAD_WINDOW] = "the window is too short or too long",
    [APF_BAD_HOP] = "the hop is zero or longer than the window",
    [APF_BAD_CHANNELS] = "the number of channels is out of range",
    [APF_BAD_BAND] = "the band is empty or reaches too close to half the sample rate",
    [APF_BAD_NOISE_REDUCTION] = "a noise reduction setting is out of range",
    [APF_BAD_PCAN_GAIN] = "PCAN gain settings do not fit the FFT size and smoothing bits",
    [APF_BAD_LOG_SCALE] = "log_scale_shift is out of range",
    [APF_BAD_PHASE] = "unknown phase planes",
};

static uint32_t to_u32(Py_ssize_t value) {
  return value < 0 || (uint64_t)value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static int parse_config(PyObject *args, PyObject *kwargs, struct apf_config *config) {
  static char *names[] = {"sample_rate",
                          "window_samples",
                          "hop_samples",
                          "channels",
                          "lower_hz",
                          "upper_hz",
                          "noise_reduction",
                          "smoothing_bits",
                          "even_smoothing",
                          "odd_smoothing",
                          "min_signal_remaining",
                          "pcan",
                          "pcan_strength",
                          "pcan_offset",
                          "pcan_gain_bits",
                          "log",
                          "log_scale_shift",
                          "amplitude_delta",
                          "phase_planes",
                          "angles_by_modulus",
                          NULL};
  Py_ssize_t rate, window, hop, channels, smoothing_bits, gain_bits, scale_shift, planes;
  memset(config, 0, sizeof(*config));
  if (!PyArg_ParseTupleAndKeywords(
          args, kwargs, "$nnnnffpnfffpffnpnpnp:Frontend", names, &rate, &window, &hop, &channels,
          &config->filterbank.lower_hz, &config->filterbank.upper_hz,
          &config->noise_reduction.enabled, &smoothing_bits,
          &config->noise_reduction.even_smoothing, &config->noise_reduction.odd_smoothing,
          &config->noise_reduction.min_signal_remaining, &config->pcan_gain.enabled,
          &config->pcan_gain.strength, &config->pcan_gain.offset, &gain_bits,
          &config->log_scale.enabled, &scale_shift, &config->delta.enabled, &planes,
          &config->phase.angles_by_modulus)) {
    return 0;
  }
  config->sample_rate = to_u32(rate);
  config->window.samples = to_u32(window);
  config->window.hop = to_u32(hop);
  config->filterbank.channels = to_u32(channels);
  config->noise_reduction.smoothing_bits = to_u32(smoothing_bits);
  config->pcan_gain.gain_bits = to_u32(gain_bits);
  config->log_scale.scale_shift = to_u32(scale_shift);
  config->phase.planes = to_u32(planes);
  return 1;
}

static PyObject *frontend_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  struct apf_config config;
  struct apf_memory sizes;
  if (!parse_config(args, kwargs, &config)) {
    return NULL;
  }
  enum apf_status status = apf_memory_sizes(&config, &sizes);
  if (status != APF_OK) {
    PyErr_SetString(PyExc_ValueError, status_texts[status]);
    return NULL;
  }
  Frontend *self = (Frontend *)PyType_GenericAlloc(type, 0);
  if (self == NULL) {
    return NULL;
  }
  self->config = config;
  self->sizes = sizes;
  self->tables = malloc(sizes.tables); /* aligned to 16 bytes by malloc */
  self->work = malloc(sizes.work);
  if (self->tables == NULL || self->work == NULL) {
    Py_DECREF(self);
    return PyErr_NoMemory();
  }
  status = apf_populate(&self->frontend, &config, self->tables, self->work);
  if (status != APF_OK) {
    Py_DECREF(self);
    PyErr_SetString(PyExc_ValueError, status_texts[status]);
    return NULL;
  }
  return (PyObject *)self;
}

static void frontend_dealloc(PyObject *object) {
  Frontend *self = (Frontend *)object;
  PyTypeObject *type = Py_TYPE(object);
  free(self->tables);
  free(self->work);
  PyObject_Free(object); /* nothing derives from the type, and it holds no objects */
  Py_DECREF(type);
}

/* samples, amplitude, phase: what both ways of processing take. */
struct buffers {
  Py_buffer samples;
  Py_buffer amplitude;
  Py_buffer phase;
};

static void release_buffers(struct buffers *buffers) {
  PyBuffer_Release(&buffers->samples);
  PyBuffer_Release(&buffers->amplitude);
  PyBuffer_Release(&buffers->phase);
}

static int take_buffers(PyObject *args, struct buffers *buffers) {
  PyObject *samples, *amplitude, *phase;
  if (!PyArg_ParseTuple(args, "OOO", &samples, &amplitude, &phase) ||
      !take_buffer(samples, &buffers->samples, "h", 0, "samples")) {
    return 0;
  }
  if (!take_buffer(amplitude, &buffers->amplitude, "H", 1, "amplitude")) {
    PyBuffer_Release(&buffers->samples);
    return 0;
  }
  if (!take_buffer(phase, &buffers->phase, "h", 1, "phase")) {
    PyBuffer_Release(&buffers->samples);
    PyBuffer_Release(&buffers->amplitude);
    return 0;
  }
  return 1;
}

static int begin(Frontend *self) {
  if (self->busy) {
    PyErr_SetString(PyExc_RuntimeError, "this Frontend is in use by another thread");
    return 0;
  }
  self->busy = 1;
  return 1;
}

static int have_room(const Frontend *self, const struct buffers *buffers, size_t frames) {
  const size_t channels = self->frontend.filterbank.channels;
  if (length_of(&buffers->amplitude) < frames * channels ||
      length_of(&buffers->phase) < frames * channels * self->frontend.signed_planes) {
    PyErr_Format(PyExc_ValueError, "the output has no room for %zu frames", frames);
    return 0;
  }
  return 1;
}

static void process_all(Frontend *self, const int16_t *samples, size_t frames, uint16_t *amplitude,
                        int16_t *phase) {
  const size_t channels = self->frontend.filterbank.channels;
  const size_t phase_values = channels * self->frontend.signed_planes;
  apf_reset(&self->frontend);
  for (size_t i = 0; i < frames; ++i) {
    apf_process_frame(&self->frontend, samples + i * self->config.window.hop,
                      amplitude + i * channels, phase + i * phase_values);
  }
}

static PyObject *frontend_process(Frontend *self, PyObject *args) {
  struct buffers buffers;
  if (!take_buffers(args, &buffers)) {
    return NULL;
  }
  const size_t frames = apf_frames_in(&self->frontend, length_of(&buffers.samples));
  if (!have_room(self, &buffers, frames) || !begin(self)) {
    release_buffers(&buffers);
    return NULL;
  }
  Py_BEGIN_ALLOW_THREADS;
  process_all(self, buffers.samples.buf, frames, buffers.amplitude.buf, buffers.phase.buf);
  Py_END_ALLOW_THREADS;
  self->busy = 0;
  release_buffers(&buffers);
  return PyLong_FromSize_t(frames);
}

static size_t push_all(Frontend *self, const int16_t *samples, size_t count, uint16_t *amplitude,
                       int16_t *phase) {
  const size_t channels = self->frontend.filterbank.channels;
  const size_t phase_values = channels * self->frontend.signed_planes;
  size_t frames = 0;
  while (count > 0) {
    size_t taken;
    frames +=
        (size_t)apf_process_samples(&self->frontend, samples, count, &taken,
                                    amplitude + frames * channels, phase + frames * phase_values);
    samples += taken;
    count -= taken;
  }
  return frames;
}

static PyObject *frontend_push(Frontend *self, PyObject *args) {
  struct buffers buffers;
  if (!take_buffers(args, &buffers)) {
    return NULL;
  }
  const size_t count = length_of(&buffers.samples);
  const size_t all = count + self->frontend.window.pending_count;
  if (!have_room(self, &buffers, apf_frames_in(&self->frontend, all)) || !begin(self)) {
    release_buffers(&buffers);
    return NULL;
  }
  size_t frames;
  Py_BEGIN_ALLOW_THREADS;
  frames = push_all(self, buffers.samples.buf, count, buffers.amplitude.buf, buffers.phase.buf);
  Py_END_ALLOW_THREADS;
  self->busy = 0;
  release_buffers(&buffers);
  return PyLong_FromSize_t(frames);
}

/* How many frames the next `count` samples complete. */
static PyObject *frontend_frames_after(Frontend *self, PyObject *arg) {
  const size_t count = PyLong_AsSize_t(arg);
  if (PyErr_Occurred()) {
    return NULL;
  }
  const size_t pending = self->frontend.window.pending_count;
  if (count > SIZE_MAX - pending) {
    PyErr_SetString(PyExc_OverflowError, "too many samples");
    return NULL;
  }
  return PyLong_FromSize_t(apf_frames_in(&self->frontend, count + pending));
}

static PyObject *frontend_reset(Frontend *self, PyObject *Py_UNUSED(args)) {
  if (!begin(self)) {
    return NULL;
  }
  apf_reset(&self->frontend);
  self->busy = 0;
  Py_RETURN_NONE;
}

/* The FFT's bins for one window of samples, re and im in turn. */
static PyObject *frontend_bins(Frontend *self, PyObject *args) {
  PyObject *samples_object, *bins_object;
  Py_buffer samples, bins;
  if (!PyArg_ParseTuple(args, "OO", &samples_object, &bins_object) ||
      !take_buffer(samples_object, &samples, "h", 0, "samples")) {
    return NULL;
  }
  if (!take_buffer(bins_object, &bins, "h", 1, "bins")) {
    PyBuffer_Release(&samples);
    return NULL;
  }
  const size_t count = self->frontend.fft.size / 2 + 1;
  const int fits =
      length_of(&samples) == self->config.window.samples && length_of(&bins) == 2 * count;
  if (!fits) {
    PyErr_SetString(PyExc_ValueError, "samples must be one window, bins 2 x (fft_size / 2 + 1)");
  } else if (begin(self)) {
    int16_t *output = bins.buf;
    apf_window_process(&self->frontend.window, samples.buf);
    apf_fft_process(&self->frontend.fft, self->frontend.window.output,
                    15u - apf_bit_length32(self->frontend.window.peak));
    for (size_t k = 0; k < count; ++k) {
      const struct apf_complex bin = apf_get(&self->frontend.fft.bins, k);
      output[2 * k] = bin.re;
      output[2 * k + 1] = bin.im;
    }
    self->busy = 0;
  }
  PyBuffer_Release(&samples);
  PyBuffer_Release(&bins);
  if (PyErr_Occurred()) {
    return NULL;
  }
  Py_RETURN_NONE;
}

/* Filter weights as a dense matrix, channels x bins, Q12. */
static PyObject *frontend_weights(Frontend *self, PyObject *arg) {
  const struct apf_filterbank_state *bank = &self->frontend.filterbank;
  const size_t count = self->frontend.fft.size / 2 + 1;
  Py_buffer view;
  if (!take_buffer(arg, &view, "H", 1, "weights")) {
    return NULL;
  }
  if (length_of(&view) != bank->channels * count) {
    PyBuffer_Release(&view);
    PyErr_SetString(PyExc_ValueError, "weights must be channels x (fft_size / 2 + 1)");
    return NULL;
  }
  uint16_t *weights = view.buf;
  memset(weights, 0, (size_t)view.len);
  for (size_t i = 0; i < bank->channels; ++i) {
    for (size_t bin = bank->edges[i]; bin < bank->edges[i + 2]; ++bin) {
      weights[i * count + bin] = apf_filterbank_weight(bank, i, bin);
    }
  }
  PyBuffer_Release(&view);
  Py_RETURN_NONE;
}

static PyObject *frontend_tables(Frontend *self, PyObject *Py_UNUSED(args)) {
  return PyBytes_FromStringAndSize(self->tables, (Py_ssize_t)self->sizes.tables);
}

static PyObject *get_fft_size(Frontend *self, void *Py_UNUSED(closure)) {
  return PyLong_FromSize_t(self->frontend.fft.size);
}

static PyObject *get_memory(Frontend *self, void *Py_UNUSED(closure)) {
  return Py_BuildValue("(nn)", (Py_ssize_t)self->sizes.tables, (Py_ssize_t)self->sizes.work);
}

static PyMethodDef frontend_methods[] = {
    {"process", (PyCFunction)frontend_process, METH_VARARGS,
     "process(samples, amplitude, phase) -> frames: a whole signal, from a fresh start"},
    {"push", (PyCFunction)frontend_push, METH_VARARGS,
     "push(samples, amplitude, phase) -> frames: the next samples of a stream"},
    {"frames_after", (PyCFunction)frontend_frames_after, METH_O,
     "frames_after(count) -> frames that the next count samples of a stream complete"},
    {"reset", (PyCFunction)frontend_reset, METH_NOARGS, "reset(): forget the stream so far"},
    {"bins", (PyCFunction)frontend_bins, METH_VARARGS,
     "bins(samples, bins): FFT bins of one window"},
    {"weights", (PyCFunction)frontend_weights, METH_O, "weights(out): dense filter weights, Q12"},
    {"tables", (PyCFunction)frontend_tables, METH_NOARGS,
     "tables() -> bytes that apf_attach takes on a little-endian device"},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef frontend_getset[] = {
    {"fft_size", (getter)get_fft_size, NULL, "samples of the FFT", NULL},
    {"memory", (getter)get_memory, NULL, "bytes of tables and of work memory", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot frontend_slots[] = {
    {Py_tp_new, frontend_new},
    {Py_tp_dealloc, frontend_dealloc},
    {Py_tp_methods, frontend_methods},
    {Py_tp_getset, frontend_getset},
    {Py_tp_doc, "The C frontend with its memory; one thread at a time."},
    {0, NULL},
};

static PyType_Spec frontend_spec = {
    .name = "firmware_bridge.frontend." MODULE_NAME ".Frontend",
    .basicsize = sizeof(Frontend),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = frontend_slots,
};

static PyMethodDef module_methods[] = {
    {"quantise", quantise, METH_VARARGS, "quantise(affines, amplitude, phase, output)"},
    {NULL, NULL, 0, NULL},
};

static int module_exec(PyObject *module) {
  PyObject *type = PyType_FromModuleAndSpec(module, &frontend_spec, NULL);
  if (type == NULL) {
    return -1;
  }
  const int result = PyModule_AddObjectRef(module, "Frontend", type);
  Py_DECREF(type);
  return result;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = MODULE_NAME,
    .m_doc = "Binding of the amplitude-phase MicroFrontend.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC MODULE_INIT(void) {
  return PyModuleDef_Init(&module_definition);
}
