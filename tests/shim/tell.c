/* What the shim tells of itself, by the functions with which the C library's malloc does, looked at by a
 * program that knows nothing of it. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int passed, failed;

#define EXPECT(condition) \
    (void)((condition)    \
               ? passed++ \
               : (failed++, printf("%s:%d: %s\n", __FILE__, __LINE__, #condition)))

enum { OBJECTS = 4000, BYTES = 4000 };

static void *volatile objects[OBJECTS];

static void fill(void)
{
    for (int i = 0; i < OBJECTS; i++)
        memset(objects[i] = malloc(BYTES), i, BYTES);
}

static void empty(void)
{
    for (int i = 0; i < OBJECTS; i++)
        free(objects[i]);
}

static int is_near(size_t bytes, size_t expected)
{
    return bytes >= expected && bytes <= expected + expected / 4;
}

/* The old form has ints, and warns of its use. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void counts(void)
{
    struct mallinfo2 before = mallinfo2();
    fill();
    struct mallinfo2 full = mallinfo2();
    struct mallinfo old = mallinfo();
    EXPECT(is_near(full.uordblks - before.uordblks, (size_t)OBJECTS * BYTES));
    EXPECT(full.arena == full.uordblks + full.fordblks && full.arena >= full.uordblks);
    EXPECT(full.hblks == 0 && full.hblkhd == 0 && full.smblks == 0 && full.fsmblks == 0);
    EXPECT((size_t)old.uordblks == full.uordblks && (size_t)old.arena == full.arena);
    EXPECT((size_t)old.fordblks == full.fordblks && old.hblkhd == 0);
    void *large = malloc((size_t)3 << 30);
    EXPECT(!large || mallinfo().uordblks == INT_MAX);
    EXPECT(!large || mallinfo2().uordblks >= (size_t)3 << 30);
    free(large);
    empty();
    EXPECT(mallinfo2().uordblks < before.uordblks + (size_t)OBJECTS * BYTES / 100);
}

static void trims(void)
{
    fill();
    size_t full = mallinfo2().arena;
    empty();
    EXPECT(malloc_trim(0) == 1);
    EXPECT(mallinfo2().arena < full / 2);
    malloc_trim(0);
    EXPECT(malloc_trim(0) == 0);
}

static void takes_parameters(void)
{
    EXPECT(mallopt(M_ARENA_MAX, 1) == 1 && mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    EXPECT(mallopt(M_TRIM_THRESHOLD, 0) == 1 && mallopt(M_PERTURB, 1) == 1);
    EXPECT(mallopt(-77, 1) == 0 && mallopt(12345, 1) == 0);
}

/* The number behind the last `name` in a text, or 0. */
static size_t number_behind(const char *text, const char *name)
{
    size_t number = 0;
    for (const char *found; (found = strstr(text, name)); text = found + 1)
        number = strtoul(found + strlen(name), NULL, 10);
    return number;
}

static void writes_xml(void)
{
    char text[2000] = "";
    FILE *file = tmpfile();
    if (!file)
        return;
    EXPECT(malloc_info(1, file) == EINVAL && ftell(file) == 0);
    EXPECT(malloc_info(0, file) == 0);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    EXPECT(strncmp(text, "<malloc version=\"1\">\n", 21) == 0);
    EXPECT(strlen(text) > 10 && strcmp(text + strlen(text) - 10, "</malloc>\n") == 0);
    size_t now = number_behind(text, "<system type=\"current\" size=\"");
    EXPECT(now > 0 && now <= number_behind(text, "<system type=\"max\" size=\""));
    EXPECT(number_behind(text, "size=\"") >= (size_t)OBJECTS * BYTES);
}

int main(void)
{
    counts();
    trims();
    takes_parameters();
    writes_xml();
    fill();
    malloc_stats();
    empty();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
