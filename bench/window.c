/* The message window, known from the literature on latency (Fisher and Sewell): messages of
 * 1 KiB are pushed into a ring, where each takes the place of the oldest, which is dropped
 * (a peer that does not collect frees it).  How long does the slowest push take?
 *
 * usage: window atomic|scanned WINDOW PUSHES, both in thousands
 *   atomic: messages without pointers, contents undefined; scanned: messages that may hold
 *   pointers
 * A push is the allocation, the writing of the whole message, and the end of the oldest.
 * The time is that of the slowest push, the only operation; a line of its own has the
 * histogram of all, as BOUND:COUNT: so many took at most BOUND nanoseconds and longer than
 * the bound before; another one has the minimum mutator utilisation. */
#include "histogram.h"
#include "measure.h"
#include "utilisation.h"

enum {
    MESSAGE = 1024,
    LOOK = 64 /* one message in so many is looked at when it is dropped */
};

static const char usage[] = "atomic|scanned WINDOW PUSHES";

static unsigned char **volatile ring;

static uint64_t message_sum(const unsigned char *message)
{
    return message ? 31u * message[0] + message[MESSAGE - 1] : 0;
}

static void push(size_t position, bool atomic, int filling)
{
    unsigned char *message = atomic ? peer_alloc_atomic(MESSAGE) : peer_alloc(MESSAGE);

    memset(message, filling, MESSAGE);
    if (!PEER_COLLECTS)
        peer_free(ring[position]);
    ring[position] = message;
}

int main(int argc, char **argv)
{
    uint64_t checksum = 0, worst = 0, began, ended;
    size_t window, pushes;
    bool atomic;

    measure_count(argc, argv, 3, usage);
    atomic = measure_choice(argv, 1, "atomic", "scanned", usage);
    window = 1000 * (size_t)measure_number(argv, 2, 1, 1000000, usage);
    pushes = 1000 * (size_t)measure_number(argv, 3, 1, 1000000, usage);
    peer_init();
    ring = peer_alloc_zeroed(window * sizeof(*ring));
    began = ended = measure_now_ns();
    for (size_t i = 0; i < pushes; i++) {
        size_t position = i % window;
        uint64_t start, time_ns;

        if (i % LOOK == 0)
            checksum = 31 * checksum + message_sum(ring[position]);
        start = measure_now_ns();
        push(position, atomic, (int)(i % 251));
        ended = measure_now_ns();
        time_ns = ended - start;
        histogram_add(time_ns);
        utilisation_add(start, ended);
        if (time_ns > worst)
            worst = time_ns;
    }
    for (size_t i = 0; i < window; i++)
        checksum = 31 * checksum + message_sum(ring[i]);
    histogram_print();
    utilisation_print(began, ended);
    measure_report(worst, 1, checksum);
    return 0;
}
