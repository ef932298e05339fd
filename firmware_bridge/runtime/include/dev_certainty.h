/* SPDX-License-Identifier: Apache-2.0 */
/* How sure a decision is: the softmax of the mean logits over a temperature, in integers.
 *
 * With d the sum of the decision's label less that of class i, over `windows` inferences, class i
 * weighs 2^-(d / windows * multiplier / 2^24), so a multiplier of 2^24 log2(e) scale / temperature
 * makes the weights those of the softmax. The power is a table of 64 steps with lines between them.
 * The result is within 1/32768 of the real numbers' (tests hold it to that), and the same on every
 * machine: firmware_bridge/certainty.py is the host's twin. */
#ifndef DEV_CERTAINTY_H
#define DEV_CERTAINTY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEV_CERTAINTY_ONE 32768u /* Q15 */

/* The probability of `label`, whose sum is the largest, as Q15: 0 to DEV_CERTAINTY_ONE.
 * `classes` is 1 to 128, `windows` 1 to 1000, each sum one of so many int8. */
uint32_t dev_certainty(const int32_t *sums, uint32_t classes, uint32_t label, uint32_t windows,
                       uint32_t multiplier);

#ifdef __cplusplus
}
#endif

#endif
