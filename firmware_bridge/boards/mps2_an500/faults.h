/* Handlers of what must not happen: they report and restart. */
#ifndef FAULTS_H
#define FAULTS_H

void fault_handler(void);
void unexpected_handler(void);

#endif
