/* Reads .eh_frame by its binary search table, .eh_frame_hdr (Linux Standard Base), and
 * runs the few call frame instructions that compilers emit (DWARF 4, section 6.4). */
#include "trace/layout.h"

#include <link.h>
#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "trace/ask.h"
#include "trace/modules.h"
#include "trace/objects.h"

enum {
    REGISTER_BP = 6,
    REGISTER_SP = 7,
    REGISTER_RA = 16,
    ENCODED_PC_4 = 0x1b,   /* relative to its own address, 4 bytes, signed */
    ENCODED_DATA_4 = 0x3b, /* relative to .eh_frame_hdr, 4 bytes, signed */
    STATES_MOST = 8,       /* DW_CFA_remember_state */
    WORD = 8,
};

/* ---- Reading numbers ------------------------------------------------------------- */

struct reader {
    const uint8_t *at, *end;
};

static uint64_t read_fixed(struct reader *r, unsigned bytes)
{
    uint64_t n = 0;
    if ((size_t)(r->end - r->at) < bytes)
        return r->at = r->end, 0;
    memcpy(&n, r->at, bytes);
    r->at += bytes;
    return n;
}

static int32_t read_signed_4(struct reader *r)
{
    return (int32_t)(uint32_t)read_fixed(r, 4);
}

static uint64_t read_leb(struct reader *r, bool is_signed)
{
    uint64_t n = 0, byte = 0x80;
    unsigned shift = 0;
    for (; byte & 0x80 && shift < 64; shift += 7) {
        byte = read_fixed(r, 1);
        n |= (byte & 0x7f) << shift;
    }
    if (is_signed && shift < 64 && byte & 0x40)
        n |= ~UINT64_C(0) << shift;
    return n;
}

static uint64_t read_uleb(struct reader *r)
{
    return read_leb(r, false);
}

static int64_t read_sleb(struct reader *r)
{
    return (int64_t)read_leb(r, true);
}

static void skip_block(struct reader *r)
{
    uint64_t bytes = read_uleb(r);
    r->at = bytes > (uint64_t)(r->end - r->at) ? r->end : r->at + bytes;
}

/* ---- Call frame instructions ------------------------------------------------------- */

enum saved {
    SAVED_NOT,   /* the register is as in the caller */
    SAVED_AT,    /* at an offset from the CFA */
    SAVED_NEVER, /* there is no value: of the return address, no caller */
    SAVED_OTHER,
};

struct rule {
    enum saved saved;
    int64_t offset;
};

struct row {
    uint64_t cfa_register; /* 0: an expression */
    int64_t cfa_offset;
    struct rule bp, ra;
};

struct program {
    struct row row, initial;
    struct row states[STATES_MOST];
    unsigned remembered;
    uint64_t code_align;
    int64_t data_align;
    uint64_t location, target; /* from the function's start */
    bool unknown;              /* an instruction that is not known */
};

static void set_rule(struct program *p, uint64_t number, enum saved saved, int64_t offset)
{
    if (number == REGISTER_BP)
        p->row.bp = (struct rule){saved, offset};
    else if (number == REGISTER_RA)
        p->row.ra = (struct rule){saved, offset};
}

static void restore_rule(struct program *p, uint64_t number)
{
    if (number == REGISTER_BP)
        p->row.bp = p->initial.bp;
    else if (number == REGISTER_RA)
        p->row.ra = p->initial.ra;
}

static void define_cfa(struct program *p, uint64_t number, int64_t offset)
{
    p->row.cfa_register = number;
    p->row.cfa_offset = offset;
}

static void remember(struct program *p)
{
    if (p->remembered == STATES_MOST)
        p->unknown = true;
    else
        p->states[p->remembered++] = p->row;
}

static void restore(struct program *p)
{
    if (p->remembered == 0)
        p->unknown = true;
    else
        p->row = p->states[--p->remembered];
}

/* The instructions without an operand in their first byte. */
static void run_extended(struct program *p, struct reader *r, unsigned code)
{
    uint64_t number;
    switch (code) {
    case 0x00: /* nop */
        break;
    case 0x02: /* advance_loc1, 2, 4 */
    case 0x03:
    case 0x04:
        p->location += read_fixed(r, 1u << (code - 2)) * p->code_align;
        break;
    case 0x05: /* offset_extended */
        number = read_uleb(r);
        set_rule(p, number, SAVED_AT, (int64_t)read_uleb(r) * p->data_align);
        break;
    case 0x11: /* offset_extended_sf */
        number = read_uleb(r);
        set_rule(p, number, SAVED_AT, read_sleb(r) * p->data_align);
        break;
    case 0x06: /* restore_extended */
        restore_rule(p, read_uleb(r));
        break;
    case 0x07: /* undefined */
        set_rule(p, read_uleb(r), SAVED_NEVER, 0);
        break;
    case 0x08: /* same_value */
        set_rule(p, read_uleb(r), SAVED_NOT, 0);
        break;
    case 0x09: /* register */
    case 0x14: /* val_offset */
        number = read_uleb(r);
        read_uleb(r);
        set_rule(p, number, SAVED_OTHER, 0);
        break;
    case 0x15: /* val_offset_sf */
        number = read_uleb(r);
        read_sleb(r);
        set_rule(p, number, SAVED_OTHER, 0);
        break;
    case 0x10: /* expression */
    case 0x16: /* val_expression */
        set_rule(p, read_uleb(r), SAVED_OTHER, 0);
        skip_block(r);
        break;
    case 0x0a:
        remember(p);
        break;
    case 0x0b:
        restore(p);
        break;
    case 0x0c: /* def_cfa */
        number = read_uleb(r);
        define_cfa(p, number, (int64_t)read_uleb(r));
        break;
    case 0x12: /* def_cfa_sf */
        number = read_uleb(r);
        define_cfa(p, number, read_sleb(r) * p->data_align);
        break;
    case 0x0d: /* def_cfa_register */
        p->row.cfa_register = read_uleb(r);
        break;
    case 0x0e: /* def_cfa_offset */
        p->row.cfa_offset = (int64_t)read_uleb(r);
        break;
    case 0x13: /* def_cfa_offset_sf */
        p->row.cfa_offset = read_sleb(r) * p->data_align;
        break;
    case 0x0f: /* def_cfa_expression */
        define_cfa(p, 0, 0);
        skip_block(r);
        break;
    case 0x2e: /* GNU_args_size */
        read_uleb(r);
        break;
    default:
        p->unknown = true;
    }
}

/* Runs instructions up to the row of the target. */
static void run(struct program *p, struct reader r)
{
    while (r.at < r.end && !p->unknown && p->location <= p->target) {
        unsigned first = *r.at++, operand = first & 0x3f;
        switch (first >> 6) {
        case 1: /* advance_loc */
            p->location += operand * p->code_align;
            break;
        case 2: /* offset */
            set_rule(p, operand, SAVED_AT, (int64_t)read_uleb(&r) * p->data_align);
            break;
        case 3: /* restore */
            restore_rule(p, operand);
            break;
        default:
            run_extended(p, &r, operand);
        }
    }
}

static struct layout layout_of(uintptr_t ip, const struct program *p)
{
    struct layout l = {.ip = ip};
    const struct row *row = &p->row;
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
    if (row->cfa_register == REGISTER_SP)
        l.rule = LAYOUT_SP;
    else if (row->cfa_register == REGISTER_BP)
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
static bool read_common(struct reader *r, struct program *p, bool *has_data)
{
    if (read_fixed(r, 4) != 0 || read_fixed(r, 1) != 1)
        return false;
    const char *augmentation = (const char *)r->at;
    r->at += strnlen(augmentation, (size_t)(r->end - r->at));
    read_fixed(r, 1);
    p->code_align = read_uleb(r);
    p->data_align = read_sleb(r);
    if (read_fixed(r, 1) != REGISTER_RA || (augmentation[0] && augmentation[0] != 'z'))
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
    struct program p = {0};
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
    run(&p, common);
    p.initial = p.row;
    p.location = 0;
    p.target = ip - 1 - start;
    run(&p, r);
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
