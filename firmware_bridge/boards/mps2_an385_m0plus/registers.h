/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the Arm MPS2+ board with the AN385 image: a Cortex-M3 with CMSDK peripherals, which
 * here runs the code of a Cortex-M0+. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "core.h"

#define BOARD_NAME "mps2-an385-m0plus"
#define CLOCK_HZ 25000000u
#define BAUD_RATE 115200u
#define TIMER_BASE 0x40000000u
#define SLOW_BASE 0x40002000u
#define UART_BASE 0x40004000u
#define UART_RECEIVE_IRQ 0u
#define PERIPHERALS 0x40000000u
#define PERIPHERALS_BITS 16u

/* 64 ns are 1.6 ticks. Each turn has seven instructions, 11.2 ticks: one that sees twelve ends
 * within the first fifth of a tick. */
#define PHASE_NOPS ""
#define PHASE_TICKS 12
#define PHASE_TURNS 32u

#include "cmsdk.h"

#endif
