/* The screen of `gcalloc top`, by ncurses: figures, a table of places, and the call stack of the chosen one. */
#include "top.h"

#include <inttypes.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#define NCURSES_NOMACROS 1 /* their conversions would be warned of */
#include <ncurses.h>

#include "command.h"

enum { TABLE_LINE = 6, STACK_LINES = 12, LINE_MOST = 512 };

struct screen {
    struct top *top;
    struct site place; /* the chosen one, once the user has chosen */
    bool has_chosen, with_stack;
    unsigned recordings;  /* that there had been when it was chosen */
    size_t chosen, first; /* of the places, and the one at the top */
};

/* ---- The terminal -------------------------------------------------------------------- */

bool top_has_screen(void)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return false;
    setlocale(LC_CTYPE, "");
    return newterm(NULL, stdout, stdin);
}

static void give_back(void)
{
    if (!isendwin())
        endwin();
}

static void open_screen(void)
{
    before_messages(give_back);
    cbreak();
    noecho();
    keypad(stdscr, true);
    curs_set(0);
}

static void close_screen(void)
{
    give_back();
    before_messages(NULL);
}

/* ---- Drawing ------------------------------------------------------------------------- */

/* What does not fit is cut off. */
__attribute__((format(printf, 3, 4))) static void put(int line, attr_t how,
                                                      const char *format, ...)
{
    char text[LINE_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    attr_on(how, NULL);
    mvaddnstr(line, 0, text, COLS);
    attr_off(how, NULL);
}

static void draw_head(const struct top *t)
{
    const struct told *n = &t->told;
    const struct rates *r = &t->rates;
    put(0, A_BOLD, "gcalloc top: process %d%s%s", (int)t->wanted->process,
        t->sites.recorded ? ", " : "",
        t->sites.recorded ? last_part(t->sites.follower.recording.program) : "");
    put(1, 0, "heap %s, at most %s; objects %s; resident %s", size_text(n->heap).text,
        size_text(n->heap_most).text, size_text(n->objects).text,
        size_text(n->resident).text);
    put(2, 0, "allocated %s, %s/s; came back %s, %s/s", size_text(n->allocated).text,
        size_text((size_t)r->allocated).text, size_text(n->freed).text,
        size_text((size_t)r->freed).text);
    put(3, 0,
        "collections %" PRIu64
        ", %.1f/s; pauses %.2f ms, at most %.2f ms, %.1f %% of the time",
        n->collections, r->collections, 1e-6 * (double)n->pause_last,
        1e-6 * (double)n->pause_most, 100 * r->paused);
}

/* The columns up to `end`, of the titles or of a place. */
static void columns(const struct top_sites *t, const struct site *s, enum site_key end,
                    char text[LINE_MOST])
{
    size_t length = 0;
    text[0] = '\0';
    for (enum site_key k = 0; k < end; k++) {
        char column[SITE_TEXT];
        if (s)
            top_sites_figure(t, s, k, column);
        else
            top_sites_title(k, column);
        length += (size_t)snprintf(text + length, LINE_MOST - length, "%s ", column);
    }
}

/* The one that places are sorted by is underlined. */
static void draw_titles(const struct top_sites *t)
{
    char all[LINE_MOST], before[LINE_MOST], title[SITE_TEXT];
    columns(t, NULL, SITE_KEYS, all);
    columns(t, NULL, t->by, before);
    top_sites_title(t->by, title);
    put(TABLE_LINE - 1, A_REVERSE, "%s where%*s", all, COLS, "");
    mvchgat(TABLE_LINE - 1, (int)strlen(before), (int)strlen(title),
            A_REVERSE | A_BOLD | A_UNDERLINE, 0, NULL);
}

static void draw_site(const struct screen *s, size_t i, int line)
{
    const struct top_sites *t = &s->top->sites;
    bool chosen = s->has_chosen && i == s->chosen;
    char figures[LINE_MOST], place[SITE_TEXT];
    columns(t, &t->sites.list[i], SITE_KEYS, figures);
    top_sites_place(&t->sites.list[i], place);
    put(line, chosen ? A_BOLD : 0, "%s%c%s", figures, chosen ? '>' : ' ', place);
}

/* The stack of the chosen place by which most of it came. */
static void draw_stack(const struct screen *s, int line)
{
    const struct top_sites *t = &s->top->sites;
    struct shown_stack shown = {0};
    show_stack(&shown, t->symbolizer, &t->follower.recording,
               t->sites.list[s->chosen].heaviest);
    for (size_t i = 0; i < shown.count && line < LINES - 1; i++) {
        struct site frame = {.function = shown.list[i]->function,
                             .file = shown.list[i]->file,
                             .line = shown.list[i]->line};
        char place[SITE_TEXT];
        top_sites_place(&frame, place);
        put(line++, 0, "    #%-3zu%s", i, place);
    }
    free(shown.list);
}

/* How many places there is room for. */
static size_t table_lines(const struct screen *s)
{
    int lines = LINES - TABLE_LINE - 1 - (s->with_stack ? STACK_LINES : 0);
    return lines > 1 ? (size_t)lines : 1;
}

static void draw(struct screen *s)
{
    const struct top_sites *t = &s->top->sites;
    size_t lines = table_lines(s);
    if (s->chosen < s->first)
        s->first = s->chosen;
    if (s->chosen >= s->first + lines)
        s->first = s->chosen - lines + 1;
    erase();
    draw_head(s->top);
    if (t->recorded) {
        draw_titles(t);
        for (size_t i = 0; i < lines && s->first + i < t->sites.count; i++)
            draw_site(s, s->first + i, TABLE_LINE + (int)i);
        if (s->with_stack && s->chosen < t->sites.count)
            draw_stack(s, TABLE_LINE + (int)lines + 1);
        put(LINES - 1, A_REVERSE,
            "sort: r l o a t   choose: arrows   its stack: Enter   now: space   end: "
            "q%*s",
            COLS, "");
    } else {
        put(TABLE_LINE - 1, 0,
            "Start it by `gcalloc profile --live` to see here where it allocates.");
        put(LINES - 1, A_REVERSE, "now: space   end: q%*s", COLS, "");
    }
    refresh();
}

/* ---- Keys ---------------------------------------------------------------------------- */

static void choose(struct screen *s, long step)
{
    const struct sites *all = &s->top->sites.sites;
    long last = (long)all->count - 1;
    long at = s->has_chosen ? (long)s->chosen + step : step - (step > 0);
    if (last < 0)
        return;
    s->chosen = (size_t)(at < 0 ? 0 : at > last ? last : at);
    s->place = all->list[s->chosen];
    s->has_chosen = true;
}

/* The chosen place may be another in the order by now. */
static void find_chosen(struct screen *s)
{
    const struct sites *all = &s->top->sites.sites;
    if (s->recordings != s->top->sites.recordings)
        s->has_chosen = s->with_stack = false;
    s->recordings = s->top->sites.recordings;
    if (!s->has_chosen)
        return;
    for (size_t i = 0; i < all->count; i++)
        if (site_is_same(&all->list[i], &s->place))
            s->chosen = i;
}

static void sort_by(struct screen *s, enum site_key by)
{
    top_sites_sort(&s->top->sites, by);
    find_chosen(s);
}

/* A key that asks for nothing new. */
static void obey(struct screen *s, int key)
{
    static const char letters[] = {[BY_RATE] = 'r',
                                   [BY_LIVE] = 'l',
                                   [BY_OBJECTS] = 'o',
                                   [BY_ALLOCATED] = 'a',
                                   [BY_TEMPORARY] = 't'};
    const long page = (long)table_lines(s);
    for (enum site_key k = 0; k < SITE_KEYS; k++)
        if (key == letters[k])
            sort_by(s, k);
    if (key == KEY_UP || key == KEY_DOWN)
        choose(s, key == KEY_UP ? -1 : 1);
    else if (key == KEY_PPAGE || key == KEY_NPAGE)
        choose(s, key == KEY_PPAGE ? -page : page);
    else if (key == KEY_HOME || key == KEY_END)
        choose(s, key == KEY_HOME ? -(long)s->chosen : (long)s->top->sites.sites.count);
    else if (key == '\n' || key == '\r' || key == KEY_ENTER) {
        choose(s, 0);
        s->with_stack = s->has_chosen && !s->with_stack;
    }
}

/* ---- The loop ------------------------------------------------------------------------ */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* There is nobody at the terminal any more.  A signal, too, ends the wait for a key. */
static bool is_alone(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&p, 1, 0) <= 0)
        return false;
    int key = getch();
    if (key != ERR)
        ungetch(key);
    return key == ERR;
}

/* Obeys keys until it is time to look again.  false: the user has enough. */
static bool attend(struct screen *s)
{
    double until = now() + (double)s->top->wanted->delay, left;
    while ((left = until - now()) > 0) {
        timeout((int)(1000 * left) + 1);
        int key = getch();
        if (key == 'q' || (key == ERR && until - now() > 0.1 && is_alone()))
            return false;
        if (key == ' ')
            return true;
        obey(s, key);
        draw(s);
    }
    return true;
}

int top_screen(struct top *t)
{
    struct screen s = {.top = t};
    int status;
    open_screen();
    do {
        status = top_look(t);
        if (status == DONE) {
            find_chosen(&s);
            draw(&s);
        }
    } while (status == DONE && attend(&s));
    close_screen();
    return status;
}
