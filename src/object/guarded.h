/* What a cycle does for guarded objects: which of them are unreachable, and what becomes of them. */
#ifndef GCALLOC_OBJECT_GUARDED_H
#define GCALLOC_OBJECT_GUARDED_H

struct cycle;

/* After the candidates with finalizers are scanned: what unreachable guarded objects point to is marked, and
 * all that it reaches, but not themselves. */
void guarded_scan(struct cycle *c);

/* Those that are still unreachable go to their guardians, and are marked. */
void guarded_take(struct cycle *c);

#endif
