/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the Arm MPS3 board with the AN547 image: a Cortex-M55 in secure state. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "core.h"

#define BOARD_NAME "mps3-an547"
#define CLOCK_HZ 32000000u
#define BAUD_RATE 115200u

#define UART_BASE 0x59303000u
#define UART_RECEIVE_IRQ 33u
#define PERIPHERALS 0x58000000u
#define PERIPHERALS_BITS 25u

/* 64 ns are 2.048 ticks. Each turn has 21 instructions, 43.008 ticks: one that sees 44 ends within
 * the first 125th of a tick. */
#define PHASE_NOPS ".rept 14\n nop\n .endr\n"
#define PHASE_TICKS 44
#define PHASE_TURNS 160u

/* The vector table is where the reset handler says, and the core looks elsewhere for that. */
#define VECTORS_MOVE 1

#include "cmsdk.h"

#endif
