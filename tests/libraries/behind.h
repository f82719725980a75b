/* What the two files of the program behind the C library share. */
#ifndef TESTS_BEHIND_H
#define TESTS_BEHIND_H

/* One function that stands in front of the C library's, and what calls it. */
struct call {
    const char *name;
    void (*make)(void);
};

extern const struct call system_calls[]; /* an empty one is the last */

/* The name of the function in hand; the handle of the collector, where it is looked for. */
extern const char *present;
extern void *collector;
extern int failed;

/* The collector's function of the present name. */
void *find(void);

#define THEIRS(name) ((__typeof__(&name))find())

/* Complains of the present function unless it did right. */
void check(int right);

#endif
