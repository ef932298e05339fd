/* SPDX-License-Identifier: Apache-2.0 */
/* RISC-V in machine mode: its control registers and its memory protection. */
#ifndef CORE_H
#define CORE_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define REGISTER_BYTE(address) (*(volatile uint8_t *)(address))

/* Every write before it has arrived. */
#define CORE_BARRIER() __asm volatile("fence" ::: "memory")

/* Sleeps until an interrupt is pending, which may have come before. */
#define CORE_SLEEP() __asm volatile("fence\n wfi" ::: "memory")

#define CSR_READ(name, value) __asm volatile("csrr %0, " name : "=r"(value))
#define CSR_WRITE(name, value) __asm volatile("csrw " name ", %0" ::"r"(value))

#define STATUS_VECTORS_ON (1u << 9)
#define STATUS_FLOATS_ON (1u << 13)
#define EXTERNAL_INTERRUPT (1u << 11)
#define CAUSE_IS_INTERRUPT (1u << 31)
#define CAUSE_INSTRUCTION_ACCESS 1u
#define CAUSE_ILLEGAL_INSTRUCTION 2u
#define CAUSE_LOAD_ACCESS 5u
#define CAUSE_STORE_ACCESS 7u

/* An entry of the protection: what may be done, up to an address from that of the entry before. */
#define PMP_READ 1u
#define PMP_WRITE 2u
#define PMP_EXECUTE 4u
#define PMP_UP_TO (1u << 3)
#define PMP_EVERYWHERE (3u << 3)
#define PMP_LOCKED (1u << 7) /* holds in machine mode too */

#endif
