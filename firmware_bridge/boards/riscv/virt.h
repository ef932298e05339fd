/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of QEMU's virt machine with a 32-bit RISC-V core. */
#ifndef VIRT_H
#define VIRT_H

#include "core.h"

/* An instruction is a tick: the emulator gives each 64 ns. */
#define CLOCK_HZ 15625000u

/* A 16550 UART, whose speed the machine ignores. */
#define UART_DATA REGISTER_BYTE(0x10000000u)
#define UART_INTERRUPTS REGISTER_BYTE(0x10000001u)
#define UART_FORMAT REGISTER_BYTE(0x10000003u)
#define UART_STATE REGISTER_BYTE(0x10000005u)
#define UART_RECEIVED (1u << 0)
#define UART_TRANSMIT_EMPTY (1u << 5)
#define UART_RECEIVE_INTERRUPT (1u << 0)
#define UART_EIGHT_BITS 3u
#define UART_IRQ 10u

/* Interrupt controller, as machine mode on the first core sees it. */
#define PLIC_PRIORITY(irq) REGISTER(0x0C000000u + 4u * (irq))
#define PLIC_ENABLE REGISTER(0x0C002000u)
#define PLIC_THRESHOLD REGISTER(0x0C200000u)
#define PLIC_CLAIM REGISTER(0x0C200004u)

/* A device that ends or restarts the machine. */
#define MACHINE_CONTROL REGISTER(0x00100000u)
#define MACHINE_RESTART 0x7777u

#define PERIPHERALS_BEGIN 0x00100000u
#define PERIPHERALS_END 0x10001000u

static inline void core_restart(void) {
  MACHINE_CONTROL = MACHINE_RESTART;
}

#endif
