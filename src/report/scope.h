/* What of debugging information the reports of the library and of the command gcalloc look through alike. */
#ifndef GCALLOC_REPORT_SCOPE_H
#define GCALLOC_REPORT_SCOPE_H

#include <dwarf.h>
#include <stdbool.h>

/* A function stands in the namespace, the class or the block that declares it, which need not
 * have code, or have the function's among it. */
static inline bool scope_may_hold_functions(int tag)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
        return true;
    default:
        return false;
    }
}

#endif
