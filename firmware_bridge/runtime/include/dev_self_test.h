/* SPDX-License-Identifier: Apache-2.0 */
/* The device's opinion of itself. */
#ifndef DEV_SELF_TEST_H
#define DEV_SELF_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "dev_model.h"
#include "dev_writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checksum of code and constants. */
uint32_t dev_constants_crc(void);

/* Runs the model on the test input, which is pseudo-random, and looks at the canaries and the
 * constants, whose checksum was `constants_crc` at the start. Appends what it found. A model that
 * keeps state begins anew before and after. */
bool dev_self_test(struct dev_model *model, uint32_t constants_crc, struct dev_writer *findings);

#ifdef __cplusplus
}
#endif

#endif
