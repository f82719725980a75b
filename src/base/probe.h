/* Probes: places where tracers (perf, bpftrace, SystemTap, gdb) may look at a program that runs.  Each is one
 * instruction that does nothing, and a note in the file of where the arguments lie, when the header for them is
 * there at build time.  Arguments are computed in any case, so there is none in a fast path. */
#ifndef GCALLOC_BASE_PROBE_H
#define GCALLOC_BASE_PROBE_H

#include <config.h>

#if HAVE_SYS_SDT_H
#include <sys/sdt.h>
#define PROBE2(name, a, b) STAP_PROBE2(gcalloc, name, a, b)
#define PROBE3(name, a, b, c) STAP_PROBE3(gcalloc, name, a, b, c)
#define PROBE4(name, a, b, c, d) STAP_PROBE4(gcalloc, name, a, b, c, d)
#else
#define PROBE2(name, a, b) ((void)(a), (void)(b))
#define PROBE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define PROBE4(name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#endif

#endif
