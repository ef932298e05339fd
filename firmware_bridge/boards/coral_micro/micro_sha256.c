/* SPDX-License-Identifier: Apache-2.0 */
#include "micro_sha256.h"

#include <string.h>

#include "dev_format.h"

#define BLOCK 64u

static const uint32_t constants[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u,
    0xab1c5ed5u, 0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu,
    0x9bdc06a7u, 0xc19bf174u, 0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu,
    0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau, 0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u,
    0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u, 0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu,
    0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u, 0xa2bfe8a1u, 0xa81a664bu,
    0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u, 0x19a4c116u,
    0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u,
    0xc67178f2u,
};

static uint32_t turn(uint32_t value, uint32_t bits) {
  return value >> bits | value << (32u - bits);
}

static void schedule(const uint8_t *block, uint32_t words[64]) {
  for (uint32_t i = 0; i < 16; ++i) {
    const uint8_t *at = block + 4u * i;
    words[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  }
  for (uint32_t i = 16; i < 64; ++i) {
    const uint32_t a = words[i - 15], b = words[i - 2];
    words[i] = words[i - 16] + words[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) +
               (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
  }
}

static void take(uint32_t state[8], const uint8_t *block) {
  uint32_t words[64], v[8];
  schedule(block, words);
  memcpy(v, state, sizeof(v));
  for (uint32_t i = 0; i < 64; ++i) {
    const uint32_t a = v[0], e = v[4];
    const uint32_t one = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
                         ((e & v[5]) ^ (~e & v[6])) + constants[i] + words[i];
    const uint32_t two =
        (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7u * sizeof(v[0]));
    v[4] += one;
    v[0] = one + two;
  }
  for (uint32_t i = 0; i < 8; ++i) {
    state[i] += v[i];
  }
}

void micro_sha256(const uint8_t *bytes, size_t count, char text[MICRO_SHA256_TEXT]) {
  uint32_t state[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                       0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};
  uint8_t last[2u * BLOCK] = {0};
  const size_t whole = count - count % BLOCK, rest = count - whole;
  for (size_t i = 0; i < whole; i += BLOCK) {
    take(state, bytes + i);
  }
  if (rest > 0) {
    memcpy(last, bytes + whole, rest);
  }
  last[rest] = 0x80;
  const size_t end = rest + 9u > BLOCK ? 2u * BLOCK : BLOCK;
  const uint64_t bits = 8u * (uint64_t)count;
  for (size_t i = 0; i < 8; ++i) {
    last[end - 1u - i] = (uint8_t)(bits >> 8u * i);
  }
  for (size_t i = 0; i < end; i += BLOCK) {
    take(state, last + i);
  }
  for (uint32_t i = 0; i < 32; ++i) {
    dev_format_hex_byte(text + 2u * i, (uint8_t)(state[i / 4u] >> (24u - 8u * (i % 4u))));
  }
}
