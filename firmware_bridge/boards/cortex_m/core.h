/* SPDX-License-Identifier: Apache-2.0 */
/* Cortex-M: system control and the memory protection unit, of Armv7-M and of Armv8-M. */
#ifndef CORE_H
#define CORE_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* Every write before it has arrived. */
#define CORE_BARRIER() __asm volatile("dsb" ::: "memory")

/* Sleeps until an interrupt is pending, which may have come before. */
#define CORE_SLEEP() __asm volatile("dsb\n wfi" ::: "memory")

/* System control. */
#define NVIC_SET_ENABLE(irq) REGISTER(0xE000E100u + 4u * ((irq) / 32u))
#define NVIC_CLEAR_PENDING(irq) REGISTER(0xE000E280u + 4u * ((irq) / 32u))
#define NVIC_BIT(irq) (1u << (irq) % 32u)
#define SCB_VECTORS REGISTER(0xE000ED08u)
#define SCB_RESET REGISTER(0xE000ED0Cu)
#define SCB_RESET_REQUEST (0x05FA0000u | 1u << 2)
#define SCB_CONFIGURATION REGISTER(0xE000ED14u)
#define SCB_REFUSE_UNALIGNED (1u << 3)
#define SCB_HANDLERS REGISTER(0xE000ED24u)
#define SCB_FAULT_HANDLERS_ENABLE (7u << 16)
#define SCB_FAULT_STATUS REGISTER(0xE000ED28u)
#define SCB_FAULT_ADDRESS REGISTER(0xE000ED34u)
#define SCB_BUS_FAULT_ADDRESS REGISTER(0xE000ED38u)
#define SCB_COPROCESSORS REGISTER(0xE000ED88u)
#define SCB_FPU_FULL_ACCESS (15u << 20)
#define FAULT_EXECUTION (1u << 0)
#define FAULT_ADDRESS_VALID (1u << 7)
#define BUS_FAULT_ADDRESS_VALID (1u << 15)
#define FAULT_UNALIGNED (1u << 24)
#if __ARM_ARCH >= 8
#define FAULT_STACKING (1u << 4 | 1u << 5 | 1u << 20) /* the last: beneath the stack's limit */
#else
#define FAULT_STACKING (1u << 4 | 1u << 5)
#endif

/* Memory protection unit. */
#define MPU_CONTROL REGISTER(0xE000ED94u)
#define MPU_ENABLE 1u
#define MPU_REGION REGISTER(0xE000ED98u)
#define MPU_BASE REGISTER(0xE000ED9Cu)
#if __ARM_ARCH >= 8
#define MPU_LIMIT REGISTER(0xE000EDA0u)
#define MPU_KINDS REGISTER(0xE000EDC0u)
#define MPU_NO_EXECUTE (1u << 0)
#define MPU_READ_WRITE (1u << 1)
#define MPU_READ_ONLY (3u << 1)
#define MPU_KIND_NORMAL 0xFFu /* write-back, write and read allocate: kind 0 */
#define MPU_NORMAL (0u << 8)
#define MPU_DEVICE (1u << 8) /* kind 1 is 0x00: device memory */
#else
#define MPU_ATTRIBUTES REGISTER(0xE000EDA0u)
#define MPU_NO_EXECUTE (1u << 28)
#define MPU_READ_WRITE (3u << 24)
#define MPU_READ_ONLY (6u << 24)
#define MPU_NORMAL (1u << 19 | 1u << 17 | 1u << 16) /* write-back, write and read allocate */
#define MPU_DEVICE (1u << 18 | 1u << 16)
#endif

static inline void core_restart(void) {
  SCB_RESET = SCB_RESET_REQUEST;
}

#endif
