/* Files that are no regions, or damaged ones, or say what is not so. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heap/types.h"
#include "hostile.h"

static const char *name;

static void set_up(void)
{
    name = fresh_name();
}

static void tear_down(void)
{
    rmdir(path_of(name));
    unlink(path_of(name));
}

/* Neither opening it, for reading or for more, nor creating it where it lies does anything but fail. */
static void assert_none(int error, const char *words)
{
    for (unsigned flags = 0; flags <= GC_REGION_READ_ONLY; flags += GC_REGION_READ_ONLY) {
        gc_region *r = gc_region_open(name, flags);
        assert_refused(!r, error, words);
    }
}

static void write_text(const void *text, size_t bytes)
{
    int file = open(path_of(name), O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert(file >= 0 && write(file, text, bytes) == (ssize_t)bytes);
    close(file);
}

/* ---- Files that are none --------------------------------------------------------------------------- */

START_TEST(foreign_files_stay_as_they_are)
{
    static const char letter[] =
        "Dear Sir or Madam, what follows is no region, but a letter.";
    static const char zeros[4096] = {[4000] = 'x'};
    const struct {
        const void *text;
        size_t bytes;
    } files[] = {{letter, 5}, {letter, sizeof letter}, {zeros, 3}, {zeros, sizeof zeros}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct stat found;
        char had[4096] = "";
        write_text(files[i].text, files[i].bytes);
        assert_none(EBADMSG, "no region");
        assert_refused(!gc_region_create(name, 1 << 20, 0, 0), EBADMSG, "no region");
        int file = open(path_of(name), O_RDONLY);
        ck_assert(file >= 0 && fstat(file, &found) == 0);
        ck_assert_uint_eq((size_t)found.st_size, files[i].bytes);
        ck_assert_int_eq(read(file, had, sizeof had), (ssize_t)files[i].bytes);
        ck_assert_int_eq(memcmp(had, files[i].text, files[i].bytes), 0);
        close(file);
    }
}
END_TEST

START_TEST(empty)
{
    write_text("", 0);
    assert_none(EBADMSG, "no region");
    gc_region *r = gc_region_create(name, 1 << 20, 0, 0);
    ck_assert_msg(r != NULL, "%s", gc_region_error());
    ck_assert_int_eq(gc_region_close(r), 0);
}
END_TEST

START_TEST(no_files)
{
    assert_none(ENOENT, "No such file");
    ck_assert_int_eq(mkdir(path_of(name), 0700), 0);
    assert_refused(!gc_region_open(name, 0), EISDIR, "directory");
    assert_refused(!gc_region_open(name, GC_REGION_READ_ONLY), EBADMSG, "no region");
    assert_refused(!gc_region_create(name, 1 << 20, 0, 0), EISDIR, "directory");
    ck_assert_int_eq(rmdir(path_of(name)), 0);
    ck_assert_int_eq(mkfifo(path_of(name), 0600), 0);
    assert_none(EBADMSG, "no region");
    assert_refused(!gc_region_create(name, 1 << 20, 0, 0), EBADMSG, "no region");
    unlink(path_of(name));
    ck_assert_int_eq(symlink("/etc/passwd", path_of(name)), 0);
    assert_none(ELOOP, "symbolic links");
    assert_refused(!gc_region_create(name, 1 << 20, 0, 0), ELOOP, "symbolic links");
}
END_TEST

START_TEST(truncated)
{
    struct stat found;
    make_small(name);
    ck_assert_int_eq(stat(path_of(name), &found), 0);
    for (off_t size = found.st_size - 1; size > 64; size = size / 3 * 2) {
        ck_assert_int_eq(truncate(path_of(name), size), 0);
        assert_none(EBADMSG, "truncated");
        assert_refused(!gc_region_create(name, 1 << 20, 0, 0), EBADMSG, "truncated");
    }
    ck_assert_int_eq(truncate(path_of(name), 20), 0);
    assert_none(EBADMSG, "no region");
}
END_TEST

/* ---- The first page -------------------------------------------------------------------------------- */

/* The constants with one of them changed; the sum is made good but for the last. */
static void change_constant(unsigned which, struct region_constants *c)
{
    switch (which) {
    case 0:
        c->address += 4096;
        break;
    case 1:
        c->address = 0x400000; /* where programs lie */
        break;
    case 2:
        c->address = UINT64_MAX & ~UINT64_C(0x3fffffff);
        break;
    case 3:
        c->bytes -= 65536;
        break;
    case 4:
        c->units = 1;
        break;
    case 5:
        c->units--;
        break;
    case 6:
        c->tables = 0;
        break;
    case 7:
        c->first_unit += 65536;
        break;
    case 8:
        c->file = 2;
        break;
    default:
        c->sum++;
    }
}

START_TEST(constants)
{
    for (unsigned which = 0; which < 10; which++) {
        make_small(name);
        struct file f = map_file(name);
        change_constant(which, &f.header->constant);
        seal_file(&f, which < 9);
        assert_none(EBADMSG, "");
        unlink(path_of(name));
    }
}
END_TEST

/* Sizes for which words have no room, in a file that is as large as it says. */
START_TEST(too_large)
{
    make_small(name);
    struct file f = map_file(name);
    struct region_constants *c = &f.header->constant;
    struct region_parts p = region_parts((size_t)3 << 40);
    c->address = UINT64_C(0x300000000000);
    c->bytes = p.bytes, c->units = p.units, c->first_unit = p.first_unit;
    seal_file(&f, true);
    ck_assert_int_eq(truncate(path_of(name), (off_t)p.bytes), 0);
    assert_none(EBADMSG, "its size is none that a region can have");
}
END_TEST

START_TEST(other_versions)
{
    make_small(name);
    struct file f = map_file(name);
    f.header->constant.version++;
    seal_file(&f, true);
    assert_none(EPROTO, "another version");
    f = map_file(name);
    f.header->constant.version--;
    f.header->constant.stamp++;
    seal_file(&f, true);
    assert_none(EPROTO, "another version");
}
END_TEST

START_TEST(stages)
{
    make_small(name);
    struct file f = map_file(name);
    f.header->stage = REGION_NEW;
    seal_file(&f, true);
    assert_none(EBADMSG, "never finished");
    f = map_file(name);
    f.header->stage = 77;
    seal_file(&f, true);
    assert_none(EBADMSG, "");
}
END_TEST

/* ---- Numbers, words, states ----------------------------------------------------------------------- */

static long list_length(gc_region *r)
{
    long length = 0;
    ck_assert_int_eq(gc_region_begin(r), 0);
    for (void **o = gc_region_root_get(r, "list"); o && length < 1000; o = *o)
        length++;
    for (int i = 0; i < 300; i++)
        ck_assert_ptr_nonnull(gc_region_alloc(r, (size_t)i));
    ck_assert_int_eq(gc_region_end(r), 0);
    return length;
}

/* What nobody who died could have written is as if it were not there. */
static void open_sound(long length)
{
    gc_region *r = gc_region_open(name, 0);
    ck_assert_msg(r != NULL, "%s", gc_region_error());
    ck_assert_int_eq(list_length(r), length);
    ck_assert_int_eq(gc_region_collect(r), 0);
    ck_assert_msg(gc_region_check(r) == 0, "%s", gc_region_error());
    ck_assert_int_eq(list_length(r), length);
    ck_assert_int_eq(gc_region_close(r), 0);
}

START_TEST(numbers)
{
    for (int which = 0; which < 12; which++) {
        make_small(name);
        struct file f = map_file(name);
        struct heap_numbers *n = file_at(&f, f.parts.tables);
        uint64_t wild = which % 2 ? UINT64_MAX : UINT64_C(0x8000000080000001);
        n->mark = (uint8_t)(which * 20);
        n->altered = n->managed = n->keeps_small = which % 2;
        n->extent_lock.word = n->typed_lock.word = (uint32_t)wild;
        memset(&n->fit_state, which * 17,
               sizeof n->fit_state - sizeof n->fit_state.adaptive);
        n->fit_state.by_size = which % 3 == 0;
        n->used_bytes = n->dirty_bytes = n->unit_run_bytes = n->hole_bytes = wild;
        n->limit = which % 3 ? 0 : wild;
        n->charged = n->budget = n->wanted = n->external_bytes = n->stretch = wild;
        n->live_bytes = n->live_objects = wild;
        memset(n->shards, which * 21, sizeof n->shards);
        f.header->gate = f.header->slots = f.header->epoch = (uint32_t)wild;
        f.header->collect_lock.word = f.header->member_lock.word = (uint32_t)wild;
        f.header->root_lock.word = f.header->hold_lock.word = (uint32_t)wild;
        seal_file(&f, true);
        open_sound(10);
        unlink(path_of(name));
    }
}
END_TEST

START_TEST(sizes_of_tables)
{
    for (int which = 0; which < 6; which++) {
        make_small(name);
        struct file f = map_file(name);
        struct heap_numbers *n = file_at(&f, f.parts.tables);
        n->unit_limit += which == 0;
        n->bytes += (size_t)(which == 1) << 40;
        n->bytes *= which != 2;
        n->maps[3] += which == 3;
        n->typed_count = which == 4 ? UINT32_MAX : n->typed_count;
        n->run_bytes_max += which == 5;
        seal_file(&f, true);
        assert_none(EBADMSG, "the numbers of its heap are damaged");
        unlink(path_of(name));
    }
}
END_TEST

/* Words of free units and of blocks that lead anywhere: opened for reading they are what they are. */
START_TEST(words)
{
    for (int which = 0; which < 8; which++) {
        make_small(name);
        struct file f = map_file(name);
        struct heap_numbers *n = file_at(&f, f.parts.tables);
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        size_t types = align_up(n->unit_limit * sizeof(uint16_t), page);
        size_t units = align_up(n->unit_limit * sizeof(struct unit), page);
        size_t bytes = align_up(n->unit_limit * sizeof(unit_word), page);
        unit_word *w =
            file_at(&f, f.parts.tables + n->tables_bytes - types - units - bytes);
        for (uint32_t u = 0; u < n->unit_limit; u++)
            w[u] = (UINT64_C(0x9e3779b97f4a7c15) * (u + 1)) << which | (which < 4);
        seal_file(&f, true);
        gc_region *r = gc_region_open(name, GC_REGION_READ_ONLY);
        ck_assert_msg(r != NULL, "%s", gc_region_error());
        ck_assert_ptr_null(gc_region_root_get(r, "list"));
        ck_assert_int_eq(gc_region_close(r), 0);
        open_sound(0);
        unlink(path_of(name));
    }
}
END_TEST

START_TEST(states)
{
    make_small(name);
    struct file f = map_file(name);
    struct heap_numbers *n = file_at(&f, f.parts.tables);
    size_t first = f.parts.tables + align_up(sizeof *n, (size_t)sysconf(_SC_PAGESIZE));
    memset(file_at(&f, first), 0x99,
           f.parts.tables + n->tables_bytes - first - (1 << 16));
    seal_file(&f, true);
    gc_region *r = gc_region_open(name, 0);
    ck_assert(r || errno == EBADMSG);
    if (r)
        ck_assert_int_eq(gc_region_close(r), 0);
}
END_TEST

/* All slots that there could be have objects, and so have those behind the last slots of blocks. */
START_TEST(states_behind_the_last)
{
    struct gc_region_stats stats;
    for (unsigned state = STATE_NEW; state <= STATE_MARK_B; state++) {
        make_small(name);
        struct file f = map_file(name);
        struct heap_numbers *n = file_at(&f, f.parts.tables);
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        size_t types = align_up(n->unit_limit * sizeof(uint16_t), page);
        size_t units = align_up(n->unit_limit * sizeof(struct unit), page);
        size_t words_bytes = align_up(n->unit_limit * sizeof(unit_word), page);
        size_t end = f.parts.tables + n->tables_bytes - types - units - words_bytes;
        unsigned char *states_of = file_at(&f, end - n->maps[STATE_MAPS]);
        memset(states_of, (int)state, n->maps[STATE_MAPS]);
        seal_file(&f, true);
        gc_region *r = gc_region_open(name, 0);
        ck_assert_msg(r != NULL, "%s", gc_region_error());
        ck_assert_int_eq(gc_region_stats(r, &stats), 0);
        ck_assert_uint_eq(stats.live_objects, 21); /* slots of 512 bytes fill a block */
        ck_assert_int_eq(gc_region_close(r), 0);
        open_sound(10);
        unlink(path_of(name));
    }
}
END_TEST

/* ---- Roots and holds ------------------------------------------------------------------------------ */

static int see(const char *root, void *object, void *data)
{
    ck_assert_uint_le(strlen(root), GC_REGION_NAME_MOST);
    ++*(int *)data;
    (void)object;
    return 0;
}

START_TEST(roots)
{
    static const uint64_t places[] = {1, 8, 4096, 1ull << 40, UINT64_MAX, INT64_MAX};
    make_small(name);
    struct file f = map_file(name);
    struct region_root *root = file_at(&f, f.parts.roots);
    int count = 0;
    for (uint32_t i = 0; i < REGION_ROOTS; i++) {
        if (root[i].state & 1)
            root[i].object = places[i % 6];
        else {
            memset(root[i].name, 'x', sizeof root[i].name);
            root[i].state = i * 2 + 1;
            root[i].object = places[i % 6];
        }
    }
    seal_file(&f, true);
    for (unsigned flags = 0; flags <= GC_REGION_READ_ONLY; flags += GC_REGION_READ_ONLY) {
        gc_region *r = gc_region_open(name, flags);
        ck_assert_msg(r != NULL, "%s", gc_region_error());
        ck_assert(flags || gc_region_begin(r) == 0);
        ck_assert_ptr_null(gc_region_root_get(r, "list"));
        ck_assert_int_eq(gc_region_root_list(r, see, &count), 0);
        ck_assert(flags || gc_region_end(r) == 0);
        ck_assert_int_eq(gc_region_close(r), 0);
    }
    ck_assert_int_eq(count, 2 * REGION_ROOTS);
}
END_TEST

START_TEST(holds)
{
    make_small(name);
    struct file f = map_file(name);
    struct region_hold *h = file_at(&f, f.parts.holds);
    for (uint32_t i = 0; i < REGION_HOLDS; i++)
        h[i] = (struct region_hold){i * UINT64_C(0x9e3779b97f4a), i % 3000, i % 7};
    seal_file(&f, true);
    open_sound(10);
}
END_TEST

/* ---- Who is said to have it ------------------------------------------------------------------------- */

/* Of processes that live, but have not got it, nothing is believed, and nobody is waited for. */
START_TEST(claims)
{
    const int lives[] = {1, getppid()};
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        make_small(name);
        struct file f = map_file(name);
        claim(&f, lives[i]);
        f.header->member_lock.word = LOCK_SHARED | 1;
        f.header->gate = 1;
        seal_file(&f, true);
        assert_refused(!gc_region_open(name, 0), EBUSY, "it says that process");
        unlink(path_of(name));
    }
}
END_TEST

/* One that is dead, or of another name space, or of another time of the system. */
START_TEST(the_dead)
{
    make_small(name);
    struct file f = map_file(name);
    claim(&f, 0x3fffffff);
    memset(file_at(&f, f.parts.threads), 0x5a,
           REGION_THREADS * sizeof(struct region_thread));
    f.header->slots = UINT32_MAX;
    seal_file(&f, true);
    open_sound(10);
    f = map_file(name);
    claim(&f, getpid());
    f.header->boot[3]++;
    seal_file(&f, true);
    open_sound(10);
}
END_TEST

static void open_and_die(void *unused)
{
    (void)unused;
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r && gc_region_begin(r) == 0);
}

START_TEST(a_member_from_the_beginning)
{
    struct gc_region_stats stats;
    make_small(name);
    ck_assert_int_eq(in_child(open_and_die, NULL), 0);
    gc_region *r = gc_region_open(name, 0);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(gc_region_stats(r, &stats), 0);
    ck_assert_uint_eq(stats.processes, 1);
    ck_assert_int_eq(in_child(open_and_die, NULL), 0);
    ck_assert_int_eq(gc_region_stats(r, &stats), 0);
    ck_assert_uint_eq(stats.processes, 2);
    ck_assert_int_eq(gc_region_close(r), 0);
}
END_TEST

TCase *files_case(void)
{
    TCase *tc = tcase_create("files");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, foreign_files_stay_as_they_are);
    tcase_add_test(tc, empty);
    tcase_add_test(tc, no_files);
    tcase_add_test(tc, truncated);
    tcase_add_test(tc, constants);
    tcase_add_test(tc, too_large);
    tcase_add_test(tc, other_versions);
    tcase_add_test(tc, stages);
    tcase_add_test(tc, numbers);
    tcase_add_test(tc, sizes_of_tables);
    tcase_add_test(tc, words);
    tcase_add_test(tc, states);
    tcase_add_test(tc, states_behind_the_last);
    tcase_add_test(tc, roots);
    tcase_add_test(tc, holds);
    tcase_add_test(tc, claims);
    tcase_add_test(tc, the_dead);
    tcase_add_test(tc, a_member_from_the_beginning);
    return tc;
}
