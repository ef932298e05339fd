/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_lookup.h"

#include "i8_rvv.h"

void i8_lookup(const struct i8_lookup *layer, const int8_t *input, int8_t *output) {
  const int8_t *table = layer->table;
  const int8_t *end = output + layer->elements;
#if I8_HAS_RVV
  while (output < end) {
    const size_t vl = __riscv_vsetvl_e8m8((size_t)(end - output));
    const vuint8m8_t places = __riscv_vle8_v_u8m8((const uint8_t *)input, vl);
    __riscv_vse8_v_i8m8(output, __riscv_vluxei8_v_i8m8(table, places, vl), vl);
    input += vl;
    output += vl;
  }
#endif
  while (output < end) {
    *output++ = table[(uint8_t)*input++];
  }
}
