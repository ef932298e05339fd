/* Registers of the Arm MPS2+ board with the AN500 image: a Cortex-M7 with CMSDK peripherals. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* CMSDK APB timer 0: counts down at CLOCK_HZ and reloads. */
#define CLOCK_HZ 25000000u
#define TIMER_CTRL REGISTER(0x40000000u)
#define TIMER_VALUE REGISTER(0x40000004u)
#define TIMER_RELOAD REGISTER(0x40000008u)
#define TIMER_ENABLE 1u

/* CMSDK dual timer, first half: counts down at CLOCK_HZ / 256. */
#define SLOW_LOAD REGISTER(0x40002000u)
#define SLOW_VALUE REGISTER(0x40002004u)
#define SLOW_CONTROL REGISTER(0x40002008u)
#define SLOW_DIVISOR_BITS 8u
#define SLOW_FREE_RUNNING_32_BITS_BY_256 (1u << 7 | 2u << 2 | 1u << 1)

/* CMSDK APB UART 0. */
#define UART_DATA REGISTER(0x40004000u)
#define UART_STATE REGISTER(0x40004004u)
#define UART_CTRL REGISTER(0x40004008u)
#define UART_INTERRUPT_CLEAR REGISTER(0x4000400Cu)
#define UART_DIVISOR REGISTER(0x40004010u)
#define UART_TRANSMIT_FULL (1u << 0)
#define UART_RECEIVE_FULL (1u << 1)
#define UART_TRANSMIT_ENABLE (1u << 0)
#define UART_RECEIVE_ENABLE (1u << 1)
#define UART_RECEIVE_INTERRUPT (1u << 3)
#define UART_RECEIVED (1u << 1)
#define UART_RECEIVE_IRQ 0u
#define BAUD_RATE 115200u

#define PERIPHERALS 0x40000000u
#define PERIPHERALS_BITS 16u

/* Armv7-M system control. */
#define NVIC_SET_ENABLE REGISTER(0xE000E100u)
#define NVIC_CLEAR_PENDING REGISTER(0xE000E280u)
#define SCB_RESET REGISTER(0xE000ED0Cu)
#define SCB_RESET_REQUEST (0x05FA0000u | 1u << 2)
#define SCB_HANDLERS REGISTER(0xE000ED24u)
#define SCB_FAULT_HANDLERS_ENABLE (7u << 16)
#define SCB_FAULT_STATUS REGISTER(0xE000ED28u)
#define SCB_FAULT_ADDRESS REGISTER(0xE000ED34u)
#define SCB_BUS_FAULT_ADDRESS REGISTER(0xE000ED38u)
#define SCB_COPROCESSORS REGISTER(0xE000ED88u)
#define SCB_FPU_FULL_ACCESS (15u << 20)
#define FAULT_EXECUTION (1u << 0)
#define FAULT_ADDRESS_VALID (1u << 7)
#define FAULT_STACKING (1u << 4 | 1u << 5)
#define BUS_FAULT_ADDRESS_VALID (1u << 15)

/* Armv7-M memory protection unit. */
#define MPU_CONTROL REGISTER(0xE000ED94u)
#define MPU_ENABLE 1u
#define MPU_REGION REGISTER(0xE000ED98u)
#define MPU_BASE REGISTER(0xE000ED9Cu)
#define MPU_ATTRIBUTES REGISTER(0xE000EDA0u)
#define MPU_NO_EXECUTE (1u << 28)
#define MPU_READ_WRITE (3u << 24)
#define MPU_READ_ONLY (6u << 24)
#define MPU_NORMAL (1u << 19 | 1u << 17 | 1u << 16) /* write-back, write and read allocate */
#define MPU_DEVICE (1u << 18 | 1u << 16)

#endif
