/* A program that frees nothing it allocates: most of it is garbage at once, and what is not is pointed to from
 * one kind of place each.  It says what was lost, and ends with status 1 if anything was; the most memory that
 * it had is the line before, in mebibytes. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NODES = 2000, ROUNDS = 12, GARBAGE = 4000, THREADS = 3 };

struct node {
    struct node *next;
    size_t number;
    char text[40];
};

static int failures;

static struct node *make_list(size_t first)
{
    struct node *list = NULL;
    for (size_t i = 0; i < NODES; i++) {
        struct node *n = i % 2 ? malloc(sizeof *n) : calloc(1, sizeof *n);
        n->next = list;
        n->number = first + i;
        snprintf(n->text, sizeof n->text, "number %zu", first + i);
        list = n;
    }
    return list;
}

static int is_whole(const struct node *n, size_t first)
{
    char text[40];
    for (size_t i = NODES; i-- > 0; n = n->next) {
        snprintf(text, sizeof text, "number %zu", first + i);
        if (!n || n->number != first + i || strcmp(n->text, text) != 0)
            return 0;
    }
    return n == NULL;
}

static void expect(int condition, const char *place)
{
    if (!condition)
        __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED), printf("lost: %s\n", place);
}

/* Garbage of all sizes, written to, that nothing remembers. */
__attribute__((noinline)) static void litter(unsigned seed)
{
    for (int i = 0; i < GARBAGE; i++) {
        size_t size = (seed = seed * 1103515245 + 12345) >> 16 & 4095;
        size = i % 200 == 0 ? 100 * size : size;
        char *p = i % 3 ? malloc(size) : realloc(calloc(1, size / 2 + 1), size + 1);
        memset(p, 0xa5, size);
    }
}

/* Its pointer lies at no multiple of 8 in each second element. */
struct __attribute__((packed)) event {
    unsigned events;
    struct node *node;
};
enum { EVENTS = 100 };

static struct event *make_events(void)
{
    struct event *events = calloc(EVENTS, sizeof *events);
    for (size_t i = 0; i < EVENTS; i += 11)
        events[i].node = make_list(100 * i);
    return events;
}

static int events_are_whole(const struct event *events)
{
    int whole = 1;
    for (size_t i = 0; i < EVENTS; i += 11)
        whole &= is_whole(events[i].node, 100 * i);
    return whole;
}

static struct node *in_data, *in_text[4];
static __thread struct node *in_thread_local;
static pthread_key_t key;

static void *work(void *argument)
{
    size_t id = (size_t)argument;
    struct node *volatile on_stack = make_list(id);
    in_thread_local = make_list(2 * id);
    pthread_setspecific(key, make_list(3 * id));
    for (unsigned i = 0; i < ROUNDS; i++)
        litter(i);
    expect(is_whole(on_stack, id), "on a thread's stack");
    expect(is_whole(in_thread_local, 2 * id), "a thread-local variable");
    expect(is_whole(pthread_getspecific(key), 3 * id), "a thread-specific value");
    return make_list(4 * id);
}

static void *map(int kind)
{
    void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* ---- Memory that processes share ---- */

enum { SHARED = 1 << 20, SPARSE = 1 << 30 };

static void *map_shared(int file, size_t bytes, int protection)
{
    int flags = MAP_SHARED | MAP_NORESERVE | (file < 0 ? MAP_ANONYMOUS : 0);
    void *p = mmap(NULL, bytes, protection, flags, file, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void *anonymous(void)
{
    return map_shared(-1, SHARED, PROT_READ | PROT_WRITE);
}

/* Nothing of it is there but its end. */
static void *sparse(void)
{
    return (char *)map_shared(-1, SPARSE, PROT_READ | PROT_WRITE) + SPARSE - SHARED;
}

static void *of_system_v(void)
{
    int id = shmget(IPC_PRIVATE, SHARED, IPC_CREAT | 0600);
    void *p = shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    return p;
}

static void *of_memory_file(void)
{
    int file = memfd_create("shared", 0);
    return ftruncate(file, SHARED) == 0 ? map_shared(file, SHARED, PROT_READ | PROT_WRITE)
                                        : NULL;
}

static void *of_file(void)
{
    char name[] = "shared-XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    return ftruncate(file, SHARED) == 0 ? map_shared(file, SHARED, PROT_READ | PROT_WRITE)
                                        : NULL;
}

static struct shared {
    const char *name;
    void *(*map)(void);
    struct node **words;
} shared[] = {
    {"anonymous", anonymous, NULL},     {"sparse", sparse, NULL},
    {"of System V", of_system_v, NULL}, {"a file of memory", of_memory_file, NULL},
    {"a file", of_file, NULL},
};
enum { KINDS = sizeof shared / sizeof shared[0] };

static void fill_shared(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        shared[i].words = shared[i].map();
        shared[i].words[77 + 5000 * i] = make_list(100000 * i);
    }
}

static void expect_shared(const char *where)
{
    for (size_t i = 0; i < KINDS; i++)
        if (!is_whole(shared[i].words[77 + 5000 * i], 100000 * i))
            failures++, printf("lost: shared memory, %s%s\n", shared[i].name, where);
}

/* A child has what its parent has, but has touched nothing of what is shared. */
static void expect_in_child(void)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (unsigned i = 0; i < ROUNDS; i++)
            litter(i);
        failures = 0;
        expect_shared(", in a child");
        exit(failures != 0);
    }
    failures += waitpid(child, &status, 0) != child || status != 0;
}

/* What was written by another mapping, which is gone: code is made so, in memory that is never both written to and run. */
static char *of_two_mappings(const void *bytes, size_t count)
{
    int file = memfd_create("code", 0);
    void *writable =
        ftruncate(file, SHARED) == 0 ? map_shared(file, SHARED, PROT_WRITE) : NULL;
    memcpy(writable, bytes, count);
    munmap(writable, SHARED);
    char *p = map_shared(file, SHARED, PROT_READ | PROT_EXEC);
    close(file);
    return p;
}

/* A pointer that is one past the end of an object, and no other. */
static char *past_end(size_t size)
{
    char *p = malloc(size);
    memset(p, 0x77, size);
    return p + size;
}

static int is_intact(const char *end, size_t size)
{
    for (const char *p = end - size; p < end; p++)
        if (*p != 0x77)
            return 0;
    return 1;
}

/* Code that was made at run time has a pointer in the midst of an instruction, at an odd address. */
enum { LOAD = 3, LOAD_BYTES = 2 }; /* where it is, and where in it the pointer */

__attribute__((noinline)) static char *make_code(int twice)
{
    char code[64] = {0};
    struct node *list = make_list(70);
    memcpy(code + LOAD, "\x48\xb8", LOAD_BYTES);
    memcpy(code + LOAD + LOAD_BYTES, &list, sizeof list);
    char *place = twice ? of_two_mappings(code, sizeof code) : map(MAP_PRIVATE);
    if (!twice) {
        memcpy(place, code, sizeof code);
        mprotect(place, 1 << 20, PROT_READ | PROT_EXEC);
    }
    explicit_bzero(&list, sizeof list);
    explicit_bzero(code, sizeof code);
    return place + LOAD + LOAD_BYTES;
}

static int code_is_whole(const char *pointer)
{
    struct node *list;
    memcpy(&list, pointer, sizeof list);
    return is_whole(list, 70);
}

/* Hidden, so that no register nor stack has another pointer. */
struct places {
    struct node **private, **broken, **read_only;
    char **ends;
};

static struct places make_places(void)
{
    struct places p = {map(MAP_PRIVATE), sbrk(65536), map(MAP_PRIVATE), map(MAP_PRIVATE)};
    p.private[5000] = make_list(10);
    p.broken[3] = make_list(30);
    p.read_only[9] = make_list(40);
    mprotect(p.read_only, 1 << 20, PROT_READ);
    for (size_t i = 0; i < 100; i++)
        p.ends[i] = past_end(16 * i + 16);
    return p;
}

int main(void)
{
    pthread_t threads[THREADS];
    void *result;
    struct rusage usage;
    pthread_key_create(&key, NULL);
    struct places p = make_places();
    struct event *volatile events = make_events();
    char *volatile code[2] = {make_code(0), make_code(1)};
    fill_shared();
    in_data = make_list(50);
    in_text[2] = (struct node *)((char *)make_list(60) + 1);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(1000 * (i + 1)));
    for (unsigned i = 0; i < ROUNDS; i++)
        litter(i);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        expect(is_whole(result, 4000 * (i + 1)), "a thread's result");
    }
    expect(is_whole(p.private[5000], 10), "private memory of mmap");
    expect(is_whole(p.broken[3], 30), "memory of sbrk");
    expect(is_whole(p.read_only[9], 40), "memory that is read-only by now");
    for (size_t i = 0; i < 100; i++)
        expect(is_intact(p.ends[i], 16 * i + 16), "one past the end");
    expect(code_is_whole(code[0]), "code");
    expect(code_is_whole(code[1]), "code in memory of two mappings");
    expect_shared("");
    expect(events_are_whole(events), "a packed structure");
    expect(is_whole(in_data, 50), "static data");
    expect(is_whole((struct node *)((char *)in_text[2] - 1), 60), "a tagged pointer");
    expect_in_child();
    getrusage(RUSAGE_SELF, &usage);
    printf("%ld\n", usage.ru_maxrss >> 10);
    return failures != 0;
}
