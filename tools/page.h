/* The page of `gcalloc report --html` before and behind the data: made of tools/page by the build. */
#ifndef GCALLOC_TOOLS_PAGE_H
#define GCALLOC_TOOLS_PAGE_H

#include <stddef.h>

extern const unsigned char page_before[], page_behind[];
extern const size_t page_before_bytes, page_behind_bytes;

#endif
