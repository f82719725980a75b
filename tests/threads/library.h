/* The last words of a loaded library's variables. */
#ifndef TESTS_THREADS_LIBRARY_H
#define TESTS_THREADS_LIBRARY_H

void **library_data(void);
void **library_tls(void);

#endif
