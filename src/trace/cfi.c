/* Runs call frame instructions one after the other.  It reads no memory but the
 * instructions, and looks at no stack.  After an instruction that it does not know, the
 * run stops and says so. */
#include "trace/cfi.h"

static void set_rule(struct cfi *p, uint64_t number, enum saved saved, int64_t offset)
{
    if (number == CFI_BP)
        p->row.bp = (struct cfi_rule){saved, offset};
    else if (number == CFI_RA)
        p->row.ra = (struct cfi_rule){saved, offset};
}

static void restore_rule(struct cfi *p, uint64_t number)
{
    if (number == CFI_BP)
        p->row.bp = p->initial.bp;
    else if (number == CFI_RA)
        p->row.ra = p->initial.ra;
}

static void define_cfa(struct cfi *p, uint64_t number, int64_t offset)
{
    p->row.cfa_register = number;
    p->row.cfa_offset = offset;
}

static void remember(struct cfi *p)
{
    if (p->remembered == CFI_STATES_MOST)
        p->unknown = true;
    else
        p->states[p->remembered++] = p->row;
}

static void restore(struct cfi *p)
{
    if (p->remembered == 0)
        p->unknown = true;
    else
        p->row = p->states[--p->remembered];
}

/* Where the caller's value of a register is.  false: the instruction is another one. */
static bool run_rule(struct cfi *p, struct reader *r, unsigned code)
{
    uint64_t number;
    switch (code) {
    case 0x05: /* offset_extended */
        number = read_uleb(r);
        set_rule(p, number, SAVED_AT, (int64_t)read_uleb(r) * p->data_align);
        return true;
    case 0x11: /* offset_extended_sf */
        number = read_uleb(r);
        set_rule(p, number, SAVED_AT, read_sleb(r) * p->data_align);
        return true;
    case 0x06: /* restore_extended */
        restore_rule(p, read_uleb(r));
        return true;
    case 0x07: /* undefined */
        set_rule(p, read_uleb(r), SAVED_NEVER, 0);
        return true;
    case 0x08: /* same_value */
        set_rule(p, read_uleb(r), SAVED_NOT, 0);
        return true;
    case 0x09: /* register */
    case 0x14: /* val_offset */
    case 0x15: /* val_offset_sf */
        set_rule(p, read_uleb(r), SAVED_OTHER, 0);
        read_uleb(r); /* as long as a signed one */
        return true;
    case 0x10: /* expression */
    case 0x16: /* val_expression */
        set_rule(p, read_uleb(r), SAVED_OTHER, 0);
        skip_block(r);
        return true;
    default:
        return false;
    }
}

/* The canonical frame address, which is the caller's stack pointer. */
static bool run_cfa(struct cfi *p, struct reader *r, unsigned code)
{
    uint64_t number;
    switch (code) {
    case 0x0c: /* def_cfa */
        number = read_uleb(r);
        define_cfa(p, number, (int64_t)read_uleb(r));
        return true;
    case 0x12: /* def_cfa_sf */
        number = read_uleb(r);
        define_cfa(p, number, read_sleb(r) * p->data_align);
        return true;
    case 0x0d: /* def_cfa_register */
        p->row.cfa_register = read_uleb(r);
        return true;
    case 0x0e: /* def_cfa_offset */
        p->row.cfa_offset = (int64_t)read_uleb(r);
        return true;
    case 0x13: /* def_cfa_offset_sf */
        p->row.cfa_offset = read_sleb(r) * p->data_align;
        return true;
    case 0x0f: /* def_cfa_expression */
        define_cfa(p, 0, 0);
        skip_block(r);
        return true;
    default:
        return false;
    }
}

/* The instructions without an operand in their first byte. */
static void run_extended(struct cfi *p, struct reader *r, unsigned code)
{
    if (run_rule(p, r, code) || run_cfa(p, r, code))
        return;
    switch (code) {
    case 0x00: /* nop */
        break;
    case 0x02: /* advance_loc1, 2, 4 */
    case 0x03:
    case 0x04:
        p->location += read_fixed(r, 1u << (code - 2)) * p->code_align;
        break;
    case 0x0a:
        remember(p);
        break;
    case 0x0b:
        restore(p);
        break;
    case 0x2e: /* GNU_args_size */
        read_uleb(r);
        break;
    default:
        p->unknown = true;
    }
}

void cfi_run(struct cfi *p, struct reader r)
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
