/* `gcalloc report`: a recording in one form or another, on stdout. */
#ifndef GCALLOC_TOOLS_REPORT_H
#define GCALLOC_TOOLS_REPORT_H

#include "sites.h"

/* One recording, as far as it is worked out. */
struct reading {
    struct recording recording;
    struct replay replay;
    struct symbolizer *symbolizer;
};

struct report {
    struct reading now, before; /* `before` is another one that it is compared with */
    bool compares;
    enum measure by;
    bool objects; /* counts them, rather than bytes */
    size_t top;   /* sites to list; 0: all */
};

int report_text(struct report *r);   /* report_text.c */
int report_folded(struct report *r); /* report_folded.c */
int report_json(struct report *r);   /* report_json.c */
int report_page(struct report *r);   /* report_page.c */
int report_pprof(
    struct report
        *r); /* report_pprof.c, or where protobuf-c is missing report_no_pprof.c */

#endif
