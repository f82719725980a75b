/* The page for a browser, which holds what --json tells in a shorter form: what is alike is told once, and the rest
 * refers to it by number.
 *
 *   strings  functions and files; number 0 is none
 *   symbols  a function at a place, in columns; number 0 is none
 *   nodes    of the tree of all stacks: a node is a symbol that is called from another node, its parent, which stands
 *            before it.  Node 0 is what calls the outermost functions.
 *   stacks   figures in columns; the node of the innermost function; the function that is the stack's site,
 *            0 being the innermost
 *   sites    figures in columns, function, file and line
 *   timeline in columns */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "index.h"
#include "json.h"
#include "page.h"
#include "report_json.h"

struct known_symbol {
    uint64_t function, file; /* strings */
    uint64_t line;
    bool inlined;
};

struct node {
    uint64_t parent, symbol;
};

/* A stack that the page has. */
struct leaf {
    const struct use *use;
    uint64_t node, site;
};

struct page {
    struct report *report;
    struct index strings, symbols, nodes;
    const char **texts;
    size_t text_count, text_room;
    struct known_symbol *symbol_list;
    size_t symbol_count, symbol_room;
    struct node *node_list;
    size_t node_count, node_room;
    struct leaf *leaves;
    size_t leaf_count, leaf_room;
};

/* ---- Numbers ---------------------------------------------------------------------------------------- */

static uint64_t add_string(struct page *p, const char *text)
{
    p->texts = grown(p->texts, p->text_count, &p->text_room, sizeof *p->texts);
    p->texts[p->text_count] = text;
    return p->text_count++;
}

static uint64_t add_symbol(struct page *p, const struct known_symbol *s)
{
    p->symbol_list =
        grown(p->symbol_list, p->symbol_count, &p->symbol_room, sizeof *p->symbol_list);
    p->symbol_list[p->symbol_count] = *s;
    return p->symbol_count++;
}

static uint64_t add_node(struct page *p, uint64_t parent, uint64_t symbol)
{
    p->node_list =
        grown(p->node_list, p->node_count, &p->node_room, sizeof *p->node_list);
    p->node_list[p->node_count] = (struct node){parent, symbol};
    return p->node_count++;
}

static uint64_t string(struct page *p, const char *text)
{
    if (!text)
        return 0;
    struct entry *e =
        index_slot(&p->strings, (struct entry){.hash = hash_text(text), .text = text});
    if (!e->number)
        e->number = add_string(p, text);
    return e->number;
}

static uint64_t symbol(struct page *p, const struct symbol *s)
{
    struct known_symbol k = {string(p, s->function), string(p, s->file),
                             s->file ? (uint64_t)s->line : 0, s->inlined};
    struct entry *e =
        index_pair(&p->symbols, k.function << 32 | k.file, k.line << 1 | k.inlined);
    if (!e->number)
        e->number = add_symbol(p, &k);
    return e->number;
}

static uint64_t node(struct page *p, uint64_t parent, uint64_t symbol)
{
    struct entry *e = index_pair(&p->nodes, parent, symbol);
    if (!e->number)
        e->number = add_node(p, parent, symbol);
    return e->number;
}

/* The tree grows from the outermost function inwards. */
static void add_stacks(struct page *p)
{
    struct reading *now = &p->report->now;
    struct shown_stack shown = {0};
    for (size_t i = 0; i < now->recording.stack_count; i++) {
        struct leaf leaf = {.use = &now->replay.uses[i]};
        if (leaf.use->of[ALLOCATED].objects == 0)
            continue;
        show_stack(&shown, now->symbolizer, &now->recording, i);
        const struct symbol *site = stack_site(&shown);
        for (size_t j = shown.count; j > 0; j--) {
            leaf.node = node(p, leaf.node, symbol(p, shown.list[j - 1]));
            if (shown.list[j - 1] == site)
                leaf.site = j - 1;
        }
        p->leaves = grown(p->leaves, p->leaf_count, &p->leaf_room, sizeof leaf);
        p->leaves[p->leaf_count++] = leaf;
    }
    free(shown.list);
}

/* ---- Columns ---------------------------------------------------------------------------------------- */

/* Amounts that are no measures. */
enum { KEPT = MEASURES, GONE, AMOUNTS };

static const struct amount *amount_of(const struct use *u, unsigned amount)
{
    return amount == KEPT ? &u->kept : amount == GONE ? &u->gone : &u->of[amount];
}

static const char *name_of(unsigned amount)
{
    return amount == KEPT ? "kept" : amount == GONE ? "gone" : measure_names[amount];
}

static void write_column(const char *key, const struct use *const *uses, size_t count,
                         unsigned amount, bool objects)
{
    json_array(key);
    for (size_t i = 0; i < count; i++) {
        const struct amount *a = amount_of(uses[i], amount);
        write_value(NULL, objects ? a->objects : a->bytes);
    }
    json_end_array();
}

static void write_uses(const struct use *const *uses, size_t count)
{
    for (unsigned m = 0; m < AMOUNTS; m++) {
        json_object(name_of(m));
        write_column("bytes", uses, count, m, false);
        write_column("objects", uses, count, m, true);
        json_end_object();
    }
    json_array("mean_lifetime");
    for (size_t i = 0; i < count; i++)
        if (uses[i]->gone.objects > 0)
            json_real(NULL, uses[i]->lifetimes / uses[i]->gone.objects);
        else
            json_null(NULL);
    json_end_array();
}

static const struct use **room_for_uses(size_t count)
{
    const struct use **uses = calloc(count + 1, sizeof *uses);
    if (!uses)
        exit(fail(FAILED, "out of memory"));
    return uses;
}

static void write_stacks(const struct page *p)
{
    const struct use **uses = room_for_uses(p->leaf_count);
    for (size_t i = 0; i < p->leaf_count; i++)
        uses[i] = p->leaves[i].use;
    json_object("stacks");
    write_uses(uses, p->leaf_count);
    json_array("node");
    for (size_t i = 0; i < p->leaf_count; i++)
        json_number(NULL, p->leaves[i].node);
    json_end_array();
    json_array("site");
    for (size_t i = 0; i < p->leaf_count; i++)
        json_number(NULL, p->leaves[i].site);
    json_end_array();
    json_end_object();
    free(uses);
}

static void write_sites(struct page *p)
{
    struct sites s = {.by = p->report->by};
    sites_add(&s, &p->report->now.replay, p->report->now.symbolizer, false);
    sites_sort(&s);
    const struct use **uses = room_for_uses(s.count);
    for (size_t i = 0; i < s.count; i++)
        uses[i] = &s.list[i].use;
    json_object("sites");
    write_uses(uses, s.count);
    json_array("function");
    for (size_t i = 0; i < s.count; i++)
        json_number(NULL, string(p, s.list[i].function));
    json_end_array();
    json_array("file");
    for (size_t i = 0; i < s.count; i++)
        json_number(NULL, string(p, s.list[i].file));
    json_end_array();
    json_array("line");
    for (size_t i = 0; i < s.count; i++)
        json_number(NULL, s.list[i].file ? (uint64_t)s.list[i].line : 0);
    json_end_array();
    json_end_object();
    free(uses);
    sites_free(&s);
}

static void write_symbols(const struct page *p)
{
    static const char *const keys[] = {"function", "file", "line", "inlined"};
    json_object("symbols");
    for (unsigned k = 0; k < sizeof keys / sizeof *keys; k++) {
        json_array(keys[k]);
        for (size_t i = 0; i < p->symbol_count; i++) {
            const struct known_symbol *s = &p->symbol_list[i];
            const uint64_t values[] = {s->function, s->file, s->line, s->inlined};
            json_number(NULL, values[k]);
        }
        json_end_array();
    }
    json_end_object();
}

static void write_nodes(const struct page *p)
{
    json_object("nodes");
    json_array("parent");
    for (size_t i = 0; i < p->node_count; i++)
        json_number(NULL, p->node_list[i].parent);
    json_end_array();
    json_array("symbol");
    for (size_t i = 0; i < p->node_count; i++)
        json_number(NULL, p->node_list[i].symbol);
    json_end_array();
    json_end_object();
}

static void write_strings(const struct page *p)
{
    json_array("strings");
    for (size_t i = 0; i < p->text_count; i++)
        json_string(NULL, p->texts[i]);
    json_end_array();
}

/* In the order of the columns. */
static void write_moment(const struct moment *m, unsigned column)
{
    switch (column) {
    case 0:
        json_real(NULL, m->seconds);
        break;
    case 1:
        write_value(NULL, m->live);
        break;
    case 2:
        write_value(NULL, m->allocated);
        break;
    case 3:
        json_number(NULL, m->heap);
        break;
    case 4:
        json_number(NULL, m->resident);
        break;
    case 5:
        json_number(NULL, m->collections);
        break;
    default:
        json_real(NULL, m->pauses);
    }
}

static void write_timeline(const struct replay *p)
{
    static const char *const keys[] = {"seconds",  "live",        "allocated", "heap",
                                       "resident", "collections", "pauses"};
    json_object("timeline");
    for (unsigned k = 0; k < sizeof keys / sizeof *keys; k++) {
        json_array(keys[k]);
        for (size_t i = 0; i < p->moment_count; i++)
            write_moment(&p->moments[i], k);
        json_end_array();
    }
    json_end_object();
}

/* ---- The page --------------------------------------------------------------------------------------- */

static void write_data(struct page *p)
{
    json_in_html();
    json_object(NULL);
    json_string("by", measure_names[p->report->by]);
    json_string("unit", p->report->objects ? "objects" : "bytes");
    write_summary(&p->report->now);
    write_sites(p);
    write_stacks(p);
    write_nodes(p);
    write_symbols(p);
    write_strings(p);
    write_timeline(&p->report->now.replay);
    json_end_object();
}

int report_page(struct report *r)
{
    struct page p = {.report = r};
    add_string(&p, "");
    add_symbol(&p, &(struct known_symbol){0});
    add_node(&p, 0, 0);
    add_stacks(&p);
    fwrite(page_before, 1, page_before_bytes, stdout);
    write_data(&p);
    fwrite(page_behind, 1, page_behind_bytes, stdout);
    free(p.strings.slots);
    free(p.symbols.slots);
    free(p.nodes.slots);
    free(p.texts);
    free(p.symbol_list);
    free(p.node_list);
    free(p.leaves);
    return DONE;
}
