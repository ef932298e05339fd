/* What is to be done with the linked image before anything runs. */
#ifndef IMAGE_H
#define IMAGE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Gives variables their first values, paints the stack, sets the guards, starts clock and console.
 * Called on the handlers' stack. */
void image_prepare(void);

/* The program, on its own stack. Does not come back. */
void image_run(void);

#ifdef __cplusplus
}
#endif

#endif
