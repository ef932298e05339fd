/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D by Helium (i8_helium.h): eight output pixels at a time, or four where inputs lie ready.
 *
 * Internal to i8_conv_2d.c. */
#ifndef I8_HELIUM_CONV_2D_H
#define I8_HELIUM_CONV_2D_H

#include "i8_conv_2d.h"
#include "i8_helium.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_HELIUM

/* Whether vectors compute a layer: its pixels eight at a time, its lines read a word at a time. */
int i8_helium_convolves(const struct i8_conv_2d *layer);

/* As i8_conv_2d, for layers of which that is so; `room` is its scratch. */
void i8_helium_conv_2d(const struct i8_conv_2d *layer, const int8_t *input, int8_t *output,
                       int8_t *room);

#endif

#ifdef __cplusplus
}
#endif

#endif
