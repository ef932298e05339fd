/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's own stdint.h, put right: where there is no C library, clang's makes the largest
 * uint8_t and uint16_t unsigned, and a comparison with a negative int goes wrong. The standard has
 * them promoted, as everywhere else: to int. */
#ifndef WEB_STDINT_H
#define WEB_STDINT_H

#include_next <stdint.h>

#undef UINT8_C
#undef UINT16_C
#undef UINT8_MAX
#undef UINT16_MAX
#define UINT8_C(value) value
#define UINT16_C(value) value
#define UINT8_MAX 255
#define UINT16_MAX 65535

#endif
