/* Faults between the wire and the frontend: with each reset the next one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPOIL_BLOCK 320u
#define SPOIL_AT 60000u
#define SPOIL_KEPT 400000u

static struct {
  unsigned fault;
  uint32_t count;
  uint32_t old;
  int16_t all[SPOIL_KEPT];
  double z1, z2;
} spoil;

static void spoil_next(void) {
  ++spoil.fault;
  spoil.count = 0;
  spoil.old = 0;
  spoil.z1 = spoil.z2 = 0.0;
  memset(spoil.all, 0, sizeof(spoil.all));
}

static int16_t spoil_saturated(double value) {
  return (int16_t)(value > 32767.0 ? 32767.0 : value < -32768.0 ? -32768.0 : value);
}

/* A Butterworth high-pass of the second order at 300 Hz, direct form II transposed. */
static double spoil_high_pass(double x) {
  const double y = 0.92006616 * x + spoil.z1;
  spoil.z1 = -1.84013232 * x + 1.83373266 * y + spoil.z2;
  spoil.z2 = 0.92006616 * x - 0.84653197 * y;
  return y;
}

static int16_t spoilt(int16_t sample) {
  const uint32_t n = spoil.count++ % SPOIL_KEPT;
  spoil.all[n] = sample;
  const int16_t before = n >= SPOIL_BLOCK ? spoil.all[n - SPOIL_BLOCK] : 0;
  const uint16_t bits = (uint16_t)sample;
  const double turns = 6.283185307179586 / 16000.0 * n;
  switch (spoil.fault) {
  case SPOIL_GAIN_RIGHT_7:
    return (int16_t)(sample >> 7);
  case SPOIL_GAIN_RIGHT_8:
    return (int16_t)(sample >> 8);
  case SPOIL_GAIN_RIGHT_16:
    return (int16_t)((int32_t)sample >> 16);
  case SPOIL_GAIN_LEFT_8:
    return (int16_t)(uint16_t)(bits << 8);
  case SPOIL_GAIN_LEFT_8_SATURATED:
    return spoil_saturated(sample * 256.0);
  case SPOIL_GAIN_LEFT_4_SATURATED:
    return spoil_saturated(sample * 16.0);
  case SPOIL_BYTE_ORDER:
    return (int16_t)(uint16_t)(bits << 8 | bits >> 8);
  case SPOIL_OFFSET:
    return spoil_saturated(sample + 900.0);
  case SPOIL_CLIPPING:
    return spoil_saturated(sample * 10.0);
  case SPOIL_LOST: /* late before, in time afterwards: a block is missing between */
    return n < SPOIL_AT ? before : sample;
  case SPOIL_LOST_ONE:
    return n > 0 && n < SPOIL_AT ? spoil.all[n - 1u] : sample;
  case SPOIL_OLD_BLOCK: /* the block before once more, in the place of the one that came */
    if (spoil.old == 0 && n >= SPOIL_AT && abs(sample) > 3000 && abs(before) > 3000) {
      spoil.old = n;
    }
    return spoil.old != 0 && n < spoil.old + SPOIL_BLOCK ? before : sample;
  case SPOIL_DOUBLED:
    return n < SPOIL_AT ? sample : before;
  case SPOIL_HUM_50:
    return spoil_saturated(sample + 300.0 * sin(50.0 * turns) + 120.0 * sin(150.0 * turns));
  case SPOIL_HUM_60:
    return spoil_saturated(sample + 600.0 * sin(60.0 * turns));
  case SPOIL_HIGH_PASS:
    return spoil_saturated(spoil_high_pass(sample));
  case SPOIL_RATE_48000:
    return spoil.all[n / 3u];
  case SPOIL_RATE_8000: /* silent in the first half, which it needs to have heard */
    return 2u * n < SPOIL_WHOLE ? (int16_t)(n % 7u) : spoil.all[2u * n - SPOIL_WHOLE];
  default:
    return sample;
  }
}
