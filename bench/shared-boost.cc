// shared pairs PROCESSES COUNT, with Boost.Interprocess (see shared.c).
#include "shared.h"

#include <boost/interprocess/managed_shared_memory.hpp>
#include <boost/version.hpp>

using boost::interprocess::managed_shared_memory;
using boost::interprocess::shared_memory_object;

static long count;

static uint64_t work(int process)
{
    managed_shared_memory memory(boost::interprocess::open_only, "gcalloc-bench-boost");
    uint64_t random = static_cast<uint64_t>(process) * 977 + 1, sum = 0;
    void *slots[SHARED_SLOTS] = {};

    for (long i = 0; i < count; i++) {
        size_t size = shared_size(&random), slot = shared_random(&random) % SHARED_SLOTS;

        if (slots[slot])
            memory.deallocate(slots[slot]);
        slots[slot] = memory.allocate(size);
        *static_cast<uint64_t *>(slots[slot]) = size;
        sum += size;
    }
    return sum;
}

int main(int argc, char **argv)
{
    int processes;
    uint64_t sum;

    shared_arguments(argc, argv, 2, &processes, &count);
    shared_memory_object::remove("gcalloc-bench-boost");
    managed_shared_memory memory(boost::interprocess::create_only, "gcalloc-bench-boost",
                                 256 << 20);
    uint64_t time = shared_run(processes, work, &sum);
    shared_memory_object::remove("gcalloc-bench-boost");
    shared_report("boost", BOOST_LIB_VERSION, sum, time,
                  static_cast<uint64_t>(count) * static_cast<uint64_t>(processes), 0);
    return 0;
}
