/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"
#include "registers.h"

#if __ARM_ARCH >= 8

/* A region has any number of 32 bytes. */
static void set_region(uint32_t number, uint32_t base, uint32_t bytes, uint32_t attributes) {
  const uint32_t kind = attributes >> 8, access = attributes & 7u;
  MPU_REGION = number;
  MPU_BASE = base | access;
  MPU_LIMIT = ((base + bytes - 1u) & ~31u) | kind << 1 | 1u;
}

static void set_kinds(void) {
  MPU_KINDS = MPU_KIND_NORMAL;
}

#else

#define SMALLEST_REGION_BITS 8u /* the smallest with subregions */
#define SUBREGION_BITS 3u

/* A region has a power of two of bytes in eight equal subregions: those beyond `bytes` are off. */
static void set_region(uint32_t number, uint32_t base, uint32_t bytes, uint32_t attributes) {
  uint32_t bits = SMALLEST_REGION_BITS;
  while (bits < 31u && (1u << bits) < bytes) {
    ++bits;
  }
  const uint32_t subregion = 1u << (bits - SUBREGION_BITS);
  const uint32_t wanted = (bytes + subregion - 1u) / subregion;
  MPU_REGION = number;
  MPU_BASE = base;
  MPU_ATTRIBUTES = attributes | (0xFFu << wanted & 0xFFu) << 8 | (bits - 1u) << 1 | 1u;
}

static void set_kinds(void) {
}

#endif

void memory_protect(void) {
  const uint32_t image = (uint32_t)image_begin, ram = (uint32_t)ram_begin;
  const uint32_t shared = (uint32_t)shared_begin, shared_bytes = (uint32_t)shared_end - shared;
  set_kinds();
  set_region(0, image, (uint32_t)image_end - image, MPU_READ_ONLY | MPU_NORMAL);
  set_region(1, ram, (uint32_t)ram_end - ram, MPU_READ_WRITE | MPU_NORMAL | MPU_NO_EXECUTE);
  set_region(2, PERIPHERALS, 1u << PERIPHERALS_BITS, MPU_READ_WRITE | MPU_DEVICE | MPU_NO_EXECUTE);
  if (shared_bytes > 0) {
    set_region(3, shared, shared_bytes, MPU_READ_WRITE | MPU_NORMAL | MPU_NO_EXECUTE);
  }
  SCB_HANDLERS |= SCB_FAULT_HANDLERS_ENABLE;
  MPU_CONTROL = MPU_ENABLE;
  __asm volatile("dsb\n isb" ::: "memory");
}
