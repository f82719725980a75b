/* Reads .eh_frame by its binary search table, .eh_frame_hdr (Linux Standard Base). */
#include "trace/layout.h"

#include <link.h>
#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "trace/ask.h"
#include "trace/cfi.h"
#include "trace/modules.h"
#include "trace/objects.h"

enum {
    ENCODED_PC_4 = 0x1b,   /* relative to its own address, 4 bytes, signed */
    ENCODED_DATA_4 = 0x3b, /* relative to .eh_frame_hdr, 4 bytes, signed */
    WORD = 8,
};

static struct layout layout_of(uintptr_t ip, const struct cfi *p)
{
    struct layout l = {.ip = ip};
    const struct cfi_row *row = &p->row;
    if (p->unknown)
        return l;
    if (row->ra.saved == SAVED_NEVER)
        return l.rule = LAYOUT_LAST, l;
    bool bp_known =
        row->bp.saved == SAVED_NOT ||
        (row->bp.saved == SAVED_AT && row->bp.offset < 0 && row->bp.offset >= INT16_MIN);
    if (row->ra.saved != SAVED_AT || row->ra.offset != -WORD || !bp_known ||
        row->cfa_offset < 0 || row->cfa_offset > INT32_MAX)
        return l;
    l.cfa = (int32_t)row->cfa_offset;
    l.bp_at = (int16_t)(row->bp.saved == SAVED_AT ? row->bp.offset : 0);
    if (row->cfa_register == CFI_SP)
        l.rule = LAYOUT_SP;
    else if (row->cfa_register == CFI_BP)
        l.rule = LAYOUT_BP;
    return l;
}

/* ---- Entries of .eh_frame ---------------------------------------------------------- */

/* What follows the length of an entry; empty for the formats that are not read. */
static struct reader entry_at(const uint8_t *at)
{
    struct reader r = {at, at + 4};
    uint64_t length = read_fixed(&r, 4);
    r.end = length == UINT32_MAX ? r.at : r.at + length;
    return r;
}

/* Reads the common part of a function's entry up to its instructions. */
static bool read_common(struct reader *r, struct cfi *p, bool *has_data)
{
    if (read_fixed(r, 4) != 0 || read_fixed(r, 1) != 1)
        return false;
    const char *augmentation = (const char *)r->at;
    r->at += strnlen(augmentation, (size_t)(r->end - r->at));
    read_fixed(r, 1);
    p->code_align = read_uleb(r);
    p->data_align = read_sleb(r);
    if (read_fixed(r, 1) != CFI_RA || (augmentation[0] && augmentation[0] != 'z'))
        return false;
    *has_data = augmentation[0] == 'z';
    if (!*has_data)
        return false;
    struct reader data = *r;
    read_uleb(&data);
    skip_block(r);
    for (const char *a = augmentation + 1; *a; a++) {
        uint64_t encoding = *a == 'S' || *a == 'B' ? 0 : read_fixed(&data, 1);
        if (*a == 'R' && encoding != ENCODED_PC_4)
            return false;
        if (*a == 'P') /* relative to 4 bytes, or 8 absolute */
            read_fixed(&data, (encoding & 0x0f) == 0 || (encoding & 7) == 4 ? 8 : 4);
        if (*a != 'R' && *a != 'P' && *a != 'L')
            return false;
    }
    return true;
}

/* `entry`: of the function that may hold the address before `ip`. */
static struct layout read_entry(uintptr_t ip, const uint8_t *entry)
{
    struct cfi p = {0};
    struct layout unknown = {.ip = ip};
    bool has_data = false;
    struct reader r = entry_at(entry);
    const uint8_t *here = r.at;
    struct reader common = entry_at(here - read_fixed(&r, 4));
    if (!read_common(&common, &p, &has_data))
        return unknown;
    uintptr_t start = (uintptr_t)r.at;
    start += (uintptr_t)read_signed_4(&r);
    uint64_t bytes = read_fixed(&r, 4);
    if (ip - 1 - start >= bytes)
        return unknown;
    skip_block(&r);
    p.target = UINT64_MAX;
    cfi_run(&p, common);
    p.initial = p.row;
    p.location = 0;
    p.target = ip - 1 - start;
    cfi_run(&p, r);
    return layout_of(ip, &p);
}

/* ---- Finding the entry -------------------------------------------------------------- */

struct search_row {
    int32_t start, entry; /* from .eh_frame_hdr */
};

static const uint8_t *find_entry(const uint8_t *header, uintptr_t ip)
{
    struct reader r = {header + 4, header + 12};
    if (header[0] != 1 || header[1] != ENCODED_PC_4 || header[2] != 3 ||
        header[3] != ENCODED_DATA_4)
        return NULL;
    read_fixed(&r, 4);
    size_t low = 0, high = read_fixed(&r, 4);
    const struct search_row *rows = (const void *)r.at;
    ptrdiff_t at = (ptrdiff_t)(ip - 1 - (uintptr_t)header);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle].start <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? header + rows[low - 1].entry : NULL;
}

struct search {
    struct layout layout;
    struct objects_counts counts;
    bool found;
};

static bool find_in(struct search *s, const struct dl_phdr_info *object)
{
    struct layout *l = &s->layout;
    const uint8_t *header = NULL;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        uintptr_t low = object->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD)
            s->found |= l->ip - 1 - low < p->p_memsz;
        else if (p->p_type == PT_GNU_EH_FRAME)
            header = (const uint8_t *)low;
    }
    const uint8_t *entry = s->found && header ? find_entry(header, l->ip) : NULL;
    if (entry)
        *l = read_entry(l->ip, entry);
    return s->found;
}

static int read_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *s = argument;
    (void)size;
    s->counts = (struct objects_counts){info->dlpi_adds, info->dlpi_subs};
    return find_in(s, info);
}

static void read_any_object(void *argument, const struct dl_phdr_info *info)
{
    struct search *s = argument;
    if (!s->found)
        find_in(s, info);
}

/* Most code is in the name space that dl_iterate_phdr shows. */
static void search_objects(void *search)
{
    if (!dl_iterate_phdr(read_object, search))
        objects_visit(
            &(struct objects_visitor){.visit = read_any_object, .argument = search});
}

struct layout layout_read(uintptr_t ip)
{
    struct search s = {.layout.ip = ip};
    ask_run(search_objects, &s);
    if (!modules_known(s.counts.added, s.counts.removed))
        modules_look();
    return s.layout;
}
