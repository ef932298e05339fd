/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the Arm MPS2+ board with the AN505 image: a Cortex-M33 in secure state, with CMSDK
 * peripherals. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "core.h"

#define BOARD_NAME "mps2-an505"
#define CLOCK_HZ 20000000u
#define BAUD_RATE 115200u
#define TIMER_BASE 0x50000000u
#define SLOW_BASE 0x50002000u
#define UART_BASE 0x50200000u
#define UART_RECEIVE_IRQ 32u
#define PERIPHERALS 0x50000000u
#define PERIPHERALS_BITS 22u

/* 64 ns are 1.28 ticks. Each turn has eighteen instructions, 23.04 ticks: one that sees 24 ends
 * within the first twenty-fifth of a tick. */
#define PHASE_NOPS ".rept 11\n nop\n .endr\n"
#define PHASE_TICKS 24
#define PHASE_TURNS 32u

#include "cmsdk.h"

#endif
