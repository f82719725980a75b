/* A program calls what the library stands in front of before the C library has begun, as AddressSanitizer does:
 * it has its environment all the same, its constructors have their arguments, and the options are obeyed. */
#include <gcalloc/gcalloc.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int libraries, arguments;

static int count(struct dl_phdr_info *information, size_t bytes, void *data)
{
    (void)information, (void)bytes, (void)data;
    return libraries++, 0;
}

static void call_early(void)
{
    struct sigaction action;
    dl_iterate_phdr(count, NULL);
    sigaction(SIGCHLD, NULL, &action);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const early)(void) = call_early;

__attribute__((constructor)) static void take_arguments(int argc, char **argv)
{
    arguments = argv && argv[0] ? argc : -1;
}

/* It runs once more, with options of its own. */
int main(int argc, char **argv)
{
    static const char options[] = "heap_limit=1M";
    const char *given = getenv("GCALLOC_OPTIONS");
    if (argc == 1) {
        setenv("GCALLOC_OPTIONS", options, 1);
        execv("/proc/self/exe", (char *[]){argv[0], "again", NULL});
        return 99;
    }
    if (libraries < 2 || arguments != argc)
        return 1;
    if (!given || strcmp(given, options) != 0)
        return 2;
    return gc_alloc(8 << 20) ? 3 : 0;
}
