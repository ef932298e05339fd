/* What the bytes of the model's input and output stand for. */
#ifndef DEV_VALUES_H
#define DEV_VALUES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A value of the input or of the output, from the model's own bytes. */
float dev_input_value(const int8_t *input, uint32_t index);
float dev_output_value(const int8_t *output, uint32_t index);

/* A number as a value of an int8 input: round(number / scale) + zero point, halves away from zero,
 * saturated, as TFLite-Micro quantises; not-a-number gives -128. */
int8_t dev_quantise_input(float number);

#ifdef __cplusplus
}
#endif

#endif
