#ifndef PORT_START_H
#define PORT_START_H

/* Starts timers and UART. */
void port_start(void);

#endif
