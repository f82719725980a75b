/* What tests/tool/region.sh needs of regions: helper WHAT NAME, or helper bound COMMAND... */
#include <gcalloc/region.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OBJECTS = 1000, SIZE = 100, LIMIT = 64 << 20, NAME_PLACE = 48 };

struct link {
    struct link *next;
    char text[SIZE - sizeof(struct link *)];
};

static unsigned flags_of(const char *name)
{
    return strchr(name + 1, '/') || *name != '/' ? GC_REGION_FILE : 0;
}

static int fails(const char *what)
{
    fprintf(stderr, "helper: %s: %s\n", what, gc_region_error());
    return 1;
}

/* A list of so many objects at the root "list", with an atomic one at "text", a root that leads nowhere and
 * one whose name is no UTF-8; and as many objects that are garbage. */
static int fill(gc_region *r)
{
    struct link *list = NULL;
    for (int i = 0; i < 2 * OBJECTS; i++) {
        struct link *l = gc_region_alloc(r, sizeof *l);
        if (!l)
            return fails("alloc");
        snprintf(l->text, sizeof l->text, "object %d", i);
        l->next = list;
        list = i % 2 ? list : l;
    }
    char *text = gc_region_alloc_atomic(r, 40);
    if (!text)
        return fails("alloc");
    strcpy(text, "hello");
    return gc_region_root_set(r, "list", list) || gc_region_root_set(r, "text", text) ||
           gc_region_root_set(r, "nowhere", NULL) ||
           gc_region_root_set(r, "\"\xff\x1b", text);
}

static int make(const char *name)
{
    gc_region *r = gc_region_create(name, LIMIT, flags_of(name) | GC_REGION_EXCLUSIVE, 0);
    if (!r || gc_region_begin(r) != 0)
        return fails("create");
    int result = fill(r);
    gc_region_end(r);
    return result || gc_region_close(r) != 0;
}

/* Holds an object until standard input ends. */
static int stay(const char *name)
{
    char byte;
    gc_region *r = gc_region_open(name, flags_of(name));
    if (!r || gc_region_begin(r) != 0 ||
        gc_region_hold(r, gc_region_root_get(r, "list")) != 0 || gc_region_end(r) != 0)
        return fails("open");
    puts("ready");
    fflush(stdout);
    return read(STDIN_FILENO, &byte, 1) != 0 || gc_region_close(r) != 0;
}

/* Dies in a bracket. */
static int die(const char *name)
{
    gc_region *r = gc_region_open(name, flags_of(name));
    if (!r || gc_region_begin(r) != 0)
        return fails("open");
    return raise(SIGKILL);
}

/* What may be read without writing, and that the rest is refused: both handles are open at once. */
static int look(const char *name)
{
    gc_region *r = gc_region_open(name, flags_of(name) | GC_REGION_READ_ONLY);
    gc_region *w = gc_region_open(name, flags_of(name));
    if (!r || !w || r == w)
        return fails("open");
    void *text = gc_region_root_get(r, "text");
    if (!text || strcmp(text, "hello") != 0 || gc_region_base(r, text) != text ||
        gc_region_pointer(r, gc_region_offset(r, text)) != text)
        return fails("an object of a region that is only read");
    errno = 0;
    if (gc_region_begin(r) == 0 || errno != EPERM || gc_region_alloc(r, 1) ||
        gc_region_root_set(r, "x", NULL) == 0 || gc_region_collect(r) == 0 ||
        errno != EPERM)
        return fails("what writes");
    if (gc_region_begin(w) != 0 ||
        gc_region_offset(w, gc_region_root_get(w, "text")) != gc_region_offset(r, text) ||
        gc_region_end(w) != 0)
        return fails("the same object by both");
    return gc_region_close(r) || gc_region_close(w);
}

/* Has the root "list" lead to what is no object: where its name stands in the file, the place of its object
 * follows. */
static int damage(const char *path)
{
    static const char name[NAME_PLACE] = "list";
    struct stat found;
    int file = open(path, O_RDWR);
    if (file < 0 || fstat(file, &found) != 0)
        return perror(path), 1;
    size_t bytes = (size_t)found.st_size;
    char *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *root = start == MAP_FAILED ? NULL : memmem(start, bytes, name, sizeof name);
    if (!root)
        return fprintf(stderr, "helper: %s: there is no root \"list\"\n", path), 1;
    root[NAME_PLACE]++;
    return 0;
}

/* Runs a command whom the modes of files bind, though it be root's. */
static int bound_by_modes(char **command)
{
    if (geteuid() == 0 && (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) != 0 ||
                           prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH) != 0))
        return perror("prctl"), 77;
    execv(command[0], command);
    return perror(command[0]), 77;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const char *region);
    } commands[] = {
        {"make", make}, {"stay", stay}, {"look", look}, {"die", die}, {"damage", damage}};
    if (argc > 2 && strcmp(argv[1], "bound") == 0)
        return bound_by_modes(argv + 2);
    for (size_t i = 0; argc == 3 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argv[2]);
    return fputs("usage: helper make|stay|look|die|damage NAME\n", stderr), 2;
}
