/* SPDX-License-Identifier: Apache-2.0 */
/* Arm's CMSDK peripherals, wherever a board has them: registers.h gives TIMER_BASE, SLOW_BASE,
 * UART_BASE and CLOCK_HZ. */
#ifndef CMSDK_H
#define CMSDK_H

/* CMSDK APB timer: counts down at CLOCK_HZ and reloads. */
#define TIMER_CTRL REGISTER(TIMER_BASE)
#define TIMER_VALUE REGISTER(TIMER_BASE + 4u)
#define TIMER_RELOAD REGISTER(TIMER_BASE + 8u)
#define TIMER_ENABLE 1u

/* CMSDK dual timer, first half: counts down at CLOCK_HZ / 256. */
#define SLOW_LOAD REGISTER(SLOW_BASE)
#define SLOW_VALUE REGISTER(SLOW_BASE + 4u)
#define SLOW_CONTROL REGISTER(SLOW_BASE + 8u)
#define SLOW_DIVISOR_BITS 8u
#define SLOW_FREE_RUNNING_32_BITS_BY_256 (1u << 7 | 2u << 2 | 1u << 1)

/* CMSDK APB UART. */
#define UART_DATA REGISTER(UART_BASE)
#define UART_STATE REGISTER(UART_BASE + 4u)
#define UART_CTRL REGISTER(UART_BASE + 8u)
#define UART_INTERRUPT_CLEAR REGISTER(UART_BASE + 12u)
#define UART_DIVISOR REGISTER(UART_BASE + 16u)
#define UART_TRANSMIT_FULL (1u << 0)
#define UART_RECEIVE_FULL (1u << 1)
#define UART_TRANSMIT_ENABLE (1u << 0)
#define UART_RECEIVE_ENABLE (1u << 1)
#define UART_RECEIVE_INTERRUPT (1u << 3)
#define UART_RECEIVED (1u << 1)

#endif
