/* Messages of 64 bytes from one process to another: through a queue in a region, a pipe, or a message queue of
 * POSIX.
 *
 * usage: messages pass COUNT
 *   An operation is one message: made by the one, read by the other.  A queue holds as many as a message
 *   queue may, 10 where nothing was changed on the system, and a pipe 64 KiB; in a region 1024. */
#include "shared.h"

enum { BYTES = 64 };

static long count;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

#if defined(PEER_GCALLOC)
#include <gcalloc/ipc.h>
#define PEER "gcalloc", "queue"

static gc_region *region;

static void begin(void)
{
    gc_region_unlink("/gcalloc-bench", 0);
    region = gc_region_create("/gcalloc-bench", 256 << 20, 0, 0);
    if (!region || gc_region_begin(region) != 0)
        fail(gc_region_error());
    gc_queue *queue = gc_queue_new(region, 1024);
    if (!queue || gc_region_root_set(region, "queue", queue) != 0)
        fail(gc_region_error());
    gc_region_end(region);
}

static void end(void)
{
    gc_region_unlink("/gcalloc-bench", 0);
}

static void send_message(const uint64_t *words)
{
    gc_region_begin(region);
    void *message = gc_region_alloc_atomic(region, BYTES);
    if (!message)
        fail(gc_region_error());
    memcpy(message, words, BYTES);
    if (gc_queue_put(region, gc_region_root_get(region, "queue"), message, -1) != 0)
        fail(gc_region_error());
    gc_region_end(region);
}

static uint64_t receive_message(void)
{
    gc_region_begin(region);
    uint64_t *message = gc_queue_get(region, gc_region_root_get(region, "queue"), -1);
    if (!message)
        fail(gc_region_error());
    uint64_t word = message[7];
    gc_region_free(region, message);
    gc_region_end(region);
    return word;
}

#elif defined(PEER_PIPE)
#define PEER "pipe", "-"

static int ends[2];

static void begin(void)
{
    if (pipe(ends) != 0)
        fail("pipe");
}

static void end(void)
{
}

static void send_message(const uint64_t *words)
{
    if (write(ends[1], words, BYTES) != BYTES)
        fail("write");
}

static uint64_t receive_message(void)
{
    uint64_t words[BYTES / sizeof(uint64_t)];

    if (read(ends[0], words, BYTES) != BYTES)
        fail("read");
    return words[7];
}

#else
#include <fcntl.h>
#include <mqueue.h>
#define PEER "mq", "-"

static mqd_t queue;

static void begin(void)
{
    struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = BYTES};

    mq_unlink("/gcalloc-bench");
    queue = mq_open("/gcalloc-bench", O_CREAT | O_RDWR, 0600, &attributes);
    if (queue == (mqd_t)-1)
        fail("mq_open");
}

static void end(void)
{
    mq_unlink("/gcalloc-bench");
}

static void send_message(const uint64_t *words)
{
    if (mq_send(queue, (const char *)words, BYTES, 0) != 0)
        fail("mq_send");
}

static uint64_t receive_message(void)
{
    uint64_t words[BYTES / sizeof(uint64_t)];

    if (mq_receive(queue, (char *)words, BYTES, NULL) != BYTES)
        fail("mq_receive");
    return words[7];
}
#endif

static uint64_t work(int process)
{
    uint64_t words[BYTES / sizeof(uint64_t)] = {0}, sum = 0;

    for (long i = 0; i < count; i++) {
        words[7] = (uint64_t)i;
        if (process == 0)
            send_message(words);
        else
            sum += receive_message();
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t sum;

    if (argc != 3 || strcmp(argv[1], "pass") != 0 || (count = atol(argv[2])) < 1) {
        fprintf(stderr, "usage: %s pass COUNT\n", argv[0]);
        return 2;
    }
    begin();
    uint64_t time = shared_run(2, work, &sum);
    end();
    shared_report(PEER, sum, time, (uint64_t)count, 0);
    return 0;
}
