/* Every operation of apf_simd.h on awkward numbers, one checksum each: on the host these are the
 * portable twins, on the device its instructions. Writes reply.bin. */
#include "apf_simd.h"

#define OPERATIONS 24

static const int16_t awkward[] = {-32768, -32767, -16385, -16384, -1,    0,     1,
                                  2,      4095,   8191,   16383,  16384, 32766, 32767};
enum { COUNT = sizeof(awkward) / sizeof(awkward[0]) };

static void add_to(uint32_t *checksum, uint32_t value) {
  *checksum = (*checksum ^ value) * 16777619u;
}

static void add_pairs(uint32_t *sums, apf_pair a, apf_pair b) {
  add_to(sums + 0, apf_add(a, b));
  add_to(sums + 1, apf_subtract(a, b));
  add_to(sums + 2, apf_add_halving(a, b));
  add_to(sums + 3, apf_subtract_halving(a, b));
  add_to(sums + 4, apf_add_turned(a, b));
  add_to(sums + 5, apf_subtract_turned(a, b));
  add_to(sums + 6, apf_moduli(a));
  add_to(sums + 7, (uint32_t)apf_scale_re(a, apf_low(b) / 2, 1 << 15));
  add_to(sums + 8, (uint32_t)apf_scale_im(a, apf_low(b) / 2, 1 << 15));
  add_to(sums + 9, (uint32_t)apf_product_re(a, b, 1 << 14));
  add_to(sums + 10, (uint32_t)apf_product_im(a, b, 1 << 14));
  add_to(sums + 11, (uint32_t)apf_conjugate_product_re(a, b));
  add_to(sums + 12, (uint32_t)apf_conjugate_product_im(a, b));
  add_to(sums + 13, (uint32_t)(apf_low_product(a, b) ^ apf_high_product(b, a)));
  add_to(sums + 14, apf_pack_from_12((int32_t)a, (int32_t)b));
  add_to(sums + 15, apf_pack_from_15((int32_t)a, (int32_t)b));
  add_to(sums + 16, apf_pack_from_16((int32_t)a, (int32_t)b));
  add_to(sums + 17, apf_pack_halves(a, b));
  add_to(sums + 18, (uint32_t)apf_im_product(a, apf_low(b)));
  add_to(sums + 19, (uint32_t)apf_saturate8((int32_t)a >> (b & 31u)));
  add_to(sums + 20, (uint32_t)apf_saturate16((int32_t)a >> (b & 31u)));
  add_to(sums + 21, apf_saturate_u15((int32_t)a >> (b & 31u)));
  add_to(sums + 22, apf_saturate_u16((int32_t)a >> (b & 31u)));
}

/* Everything twice, so that steps count; samples at an odd place too. */
static void add_steps(uint32_t *sum) {
  int16_t copy[COUNT] = {0};
  const int16_t *sample = awkward + 1;
  const uint16_t *weight = (const uint16_t *)awkward + 3;
  int16_t *output = copy + 1;
  for (unsigned i = 0; i < 2; ++i) {
    apf_put_pair(&output, apf_take_pair(&sample));
    add_to(sum, apf_take_weight(&weight));
  }
  const apf_pair bins[] = {apf_pair_of(awkward[0], awkward[1]), apf_pair_of(-1, 5), 7};
  const apf_pair *bin = bins;
  add_to(sum, apf_take_bin(&bin));
  add_to(sum, apf_take_bin(&bin));
  add_to(sum, (uint32_t)((output - copy) + (sample - awkward) + (bin - bins)));
  for (unsigned i = 0; i < COUNT; ++i) {
    add_to(sum, (uint16_t)copy[i]);
  }
}

static void add_all(uint32_t *sums) {
  add_steps(sums + 23);
  for (unsigned i = 0; i < COUNT * COUNT; ++i) {
    const apf_pair a = apf_pair_of(awkward[i % COUNT], awkward[i / COUNT]);
    for (unsigned j = 0; j < COUNT * COUNT; ++j) {
      add_pairs(sums, a, apf_pair_of(awkward[j % COUNT], awkward[j / COUNT]));
    }
  }
}

#if APF_HAS_DSP

#include "semihosting.h"

static void run(void) {
  uint32_t sums[OPERATIONS] = {0};
  add_all(sums);
  put(open_file("reply.bin", 9, MODE_WRITE), sums, sizeof(sums));
}

#else

#include <stdio.h>

int main(void) {
  uint32_t sums[OPERATIONS] = {0};
  FILE *reply = fopen("reply.bin", "wb");
  add_all(sums);
  return reply == NULL || fwrite(sums, sizeof(sums), 1, reply) != 1 || fclose(reply) != 0;
}

#endif
