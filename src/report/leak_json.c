/* The leak report as one JSON object on one line.  It decides neither which groups are
 * listed nor in what order.  Under the lock of reports. */
#include <unistd.h>

#include "base/options.h"
#include "base/utf8.h"
#include "report/leak.h"
#include "report/out.h"
#include "report/suppress.h"
#include "report/symbolize.h"

static const char *const class_names[] = {"definite", "indirect", "possible",
                                          "suppressed"};

/* What stands between quotes.  Of what is no character in UTF-8 each byte is U+FFFD. */
static void print_escaped(void *argument, const char *text)
{
    (void)argument;
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        unsigned count = utf8_bytes(c);
        if (count == 0)
            out_print("\\ufffd");
        else if (*c == '"' || *c == '\\')
            out_print("\\%c", *c);
        else if (*c < 32)
            out_print("\\u%04x", *c);
        else
            out_print("%.*s", (int)count, (const char *)c);
        c += count ? count : 1;
    }
}

static void print_string(const char *name, const char *text)
{
    out_print("\"%s\":", name);
    if (!text) {
        out_print("null");
        return;
    }
    out_print("\"");
    print_escaped(NULL, text);
    out_print("\"");
}

static void print_frame(void *argument, const struct symbol *s)
{
    size_t *number = argument;
    out_print("%s{", (*number)++ ? "," : "");
    print_string("function", s->function);
    out_print(",");
    if (s->linkage) {
        print_string("linkage", s->linkage);
        out_print(",");
    }
    print_string("file", s->file);
    out_print(",\"line\":%d,", s->line);
    print_string("module", s->module);
    out_print(",\"offset\":%lu,\"inlined\":%s,\"unloaded\":%s}", (unsigned long)s->offset,
              s->inlined ? "true" : "false", s->unloaded ? "true" : "false");
}

static void print_stack(uint32_t stack)
{
    size_t number = 0;
    out_print("\"stack\":[");
    symbolize_recorded(stack, print_frame, &number);
    out_print("]");
}

static void print_group(const struct leak_group *g)
{
    out_print("{\"class\":\"%s\",\"objects\":%zu,\"bytes\":%zu,\"kept_objects\":%zu,"
              "\"kept_bytes\":%zu,\"cycles\":%zu,",
              class_names[g->class], g->objects, g->bytes, g->kept_objects, g->kept_bytes,
              g->cycles);
    out_print("\"example\":{\"address\":\"%p\",\"bytes\":%zu},",
              (void *)g->example->address, g->example->bytes);
    print_stack(g->stack);
    if (OPTION_NOW(gen_suppressions)) {
        out_print(",\"suppression\":\"");
        leak_suppression_write(g, print_escaped, NULL);
        out_print("\"");
    }
    out_print("}");
}

static void print_total(const char *name, struct leak_total t)
{
    out_print("\"%s\":{\"objects\":%zu,\"bytes\":%zu},", name, t.objects, t.bytes);
}

static void print_suppression(void *argument, const struct suppression *s)
{
    size_t *number = argument;
    out_print("%s{", (*number)++ ? "," : "");
    print_string(s->line ? "name" : "pattern", s->name);
    if (s->line)
        out_print(",\"line\":%d", s->line);
    out_print(",\"objects\":%zu,\"bytes\":%zu}", s->objects, s->bytes);
}

void leak_print_json(const struct leak_report *r)
{
    size_t number = 0;
    out_print("{\"version\":1,\"process\":%d,\"leaks\":[", getpid());
    for (size_t i = 0; i < r->listed; i++) {
        out_print("%s", i ? "," : "");
        print_group(&r->groups[i]);
    }
    out_print("],\"not_listed\":{\"groups\":%zu,\"objects\":%zu,\"bytes\":%zu},",
              r->unlisted_groups, r->unlisted.objects, r->unlisted.bytes);
    out_print("\"totals\":{");
    for (int class = 0; class < LEAK_CLASSES; class ++)
        print_total(class_names[class], r->totals[class]);
    out_print("\"reachable\":{\"objects\":%zu,\"bytes\":%zu}},", r->reachable.objects,
              r->reachable.bytes);
    out_print("\"suppressions\":[");
    suppress_each(print_suppression, &number);
    out_print("],\"incomplete\":%s}\n", r->incomplete ? "true" : "false");
}
