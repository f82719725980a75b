/* Uses that the processor refuses: of fenced objects and of barred ones. */
#ifndef GCALLOC_MUTATOR_USE_H
#define GCALLOC_MUTATOR_USE_H

/* From now on they are reported, before what the program or the system does about them. */
void use_watch(void);

#endif
