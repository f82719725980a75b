/* Looking up strings in a map that processes share: one in a region, or a database of LMDB, which is read only.
 *
 * usage: lookups read KEYS COUNT
 *   There are so many keys, such as "key 123"; one at random is looked up COUNT times and its value, of 8
 *   bytes, read.  With a region 16 look-ups are in a bracket, with LMDB in a transaction that is renewed. */
#include "shared.h"

enum { TOGETHER = 16 };

static long keys, count;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "lookups: %s: %s\n", what, why);
    exit(1);
}

static int key_of(uint64_t number, char key[32])
{
    return snprintf(key, 32, "key %llu", (unsigned long long)number);
}

#ifdef PEER_GCALLOC
#include <gcalloc/ipc.h>
#define PEER "gcalloc", "map"

static gc_region *region;

static void begin(void)
{
    char key[32];

    gc_region_unlink("/gcalloc-bench", 0);
    region = gc_region_create("/gcalloc-bench", 1 << 30, 0, 0);
    if (!region || gc_region_begin(region) != 0)
        fail("region", gc_region_error());
    gc_map *map = gc_map_new(region);
    if (!map || gc_region_root_set(region, "map", map) != 0)
        fail("map", gc_region_error());
    for (long i = 0; i < keys; i++) {
        uint64_t *value = gc_region_alloc_atomic(region, sizeof(*value));

        *value = (uint64_t)i;
        if (gc_map_put(region, map, key, (size_t)key_of((uint64_t)i, key), value) != 0)
            fail("put", gc_region_error());
    }
    gc_region_end(region);
}

static void end(void)
{
    gc_region_unlink("/gcalloc-bench", 0);
}

static uint64_t work(int process)
{
    uint64_t random = (uint64_t)process + 1, sum = 0;
    char key[32];

    for (long i = 0; i < count; i += TOGETHER) {
        gc_region_begin(region);
        gc_map *map = gc_region_root_get(region, "map");
        for (int n = 0; n < TOGETHER; n++) {
            int length = key_of(shared_random(&random) % (uint64_t)keys, key);

            sum += *(uint64_t *)gc_map_get(region, map, key, (size_t)length);
        }
        gc_region_end(region);
    }
    return sum;
}

#else
#include <lmdb.h>
#define PEER "lmdb", MDB_VERSION_STRING_SHORT
#define MDB_VERSION_STRING_SHORT "0.9"

static char folder[] = "/dev/shm/gcalloc-bench-lmdb";

static MDB_env *open_environment(unsigned flags)
{
    MDB_env *environment;
    int error = mdb_env_create(&environment);

    if (!error)
        error = mdb_env_set_mapsize(environment, (size_t)1 << 30);
    if (!error)
        error = mdb_env_open(environment, folder, flags | MDB_NOSUBDIR, 0600);
    if (error)
        fail("environment", mdb_strerror(error));
    return environment;
}

static void begin(void)
{
    MDB_env *environment = open_environment(MDB_NOSYNC);
    MDB_txn *transaction;
    MDB_dbi database;
    char key[32];
    int error = mdb_txn_begin(environment, NULL, 0, &transaction);

    if (!error)
        error = mdb_dbi_open(transaction, NULL, MDB_CREATE, &database);
    for (uint64_t i = 0; i < (uint64_t)keys && !error; i++) {
        MDB_val k = {(size_t)key_of(i, key), key}, v = {sizeof(i), &i};

        error = mdb_put(transaction, database, &k, &v, 0);
    }
    if (!error)
        error = mdb_txn_commit(transaction);
    if (error)
        fail("database", mdb_strerror(error));
    mdb_env_close(environment);
}

static void end(void)
{
    char lock[sizeof(folder) + 8];

    snprintf(lock, sizeof(lock), "%s-lock", folder);
    unlink(folder);
    unlink(lock);
}

static uint64_t work(int process)
{
    MDB_env *environment = open_environment(MDB_RDONLY);
    MDB_txn *transaction;
    MDB_dbi database;
    uint64_t random = (uint64_t)process + 1, sum = 0;
    char key[32];
    int error = mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction);

    if (!error)
        error = mdb_dbi_open(transaction, NULL, 0, &database);
    for (long i = 0; i < count && !error; i += TOGETHER) {
        mdb_txn_reset(transaction);
        error = mdb_txn_renew(transaction);
        for (int n = 0; n < TOGETHER && !error; n++) {
            int length = key_of(shared_random(&random) % (uint64_t)keys, key);
            MDB_val k = {(size_t)length, key}, v;
            uint64_t value;

            error = mdb_get(transaction, database, &k, &v);
            memcpy(&value, v.mv_data, sizeof(value));
            sum += value;
        }
    }
    if (error)
        fail("look-up", mdb_strerror(error));
    return sum;
}
#endif

int main(int argc, char **argv)
{
    uint64_t sum;

    if (argc != 4 || strcmp(argv[1], "read") != 0 || (keys = atol(argv[2])) < 1 ||
        (count = atol(argv[3])) < TOGETHER) {
        fprintf(stderr, "usage: %s read KEYS COUNT\n", argv[0]);
        return 2;
    }
    begin();
    uint64_t time = shared_run(1, work, &sum);
    end();
    shared_report(PEER, sum, time, (uint64_t)count, 0);
    return 0;
}
