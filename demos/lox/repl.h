/* The read-eval-print loop. */
#ifndef LOX_REPL_H
#define LOX_REPL_H

/* Until the input ends. */
void run_repl(void);

#endif
