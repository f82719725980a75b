/* Ports of files, which finalizers close when they are dropped, and the primitives for files. */
#include "port.h"
#include "primitive.h"

#include <errno.h>
#include <fcntl.h>
#include <gcalloc/finalizer.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void fail_named(value name)
{
    fail_file("%s: %v: %s", vm.primitive->name, name, strerror(errno));
}

/* ---- Files left open ------------------------------------------------------------- */

/* The output ports of files, which the map does not keep: at the end of the program, what is in their buffers
 * is written. */
static gc_weakmap *open_files;

static void flush_files(void)
{
    uint64_t cursor = 0;
    void *port;
    gc_finalizers_run();
    while (gc_weakmap_next(open_files, &cursor, &port, NULL))
        port_flush_shared(port);
}

/* Of a port that was dropped without having been closed.  It leads to no other port, so no order is
 * needed. */
static void finalize(void *object, void *data)
{
    struct port *port = object;
    (void)data;
    if (port->output)
        port_flush(port);
    port_release(port);
}

/* ---- Opening --------------------------------------------------------------------- */

/* When there are no descriptors left, dropped ports may have some. */
static int open_file(const char *name, int flags)
{
    gc_finalizers_run();
    int fd = open(name, flags | O_CLOEXEC, 0666);
    if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
        return fd;
    gc_collect();
    gc_finalizers_run();
    return open(name, flags | O_CLOEXEC, 0666);
}

/* The port is made first: if there is no memory for it no descriptor is lost. */
static struct port *open_port(value name, int flags, enum content content)
{
    const char *path = string_utf8(want(name, TYPE_STRING));
    struct port *port = port_new(INT_MAX, flags != O_RDONLY);
    port->name = path;
    port->binary = content == BINARY;
    port->fd = open_file(path, flags);
    if (port->fd < 0)
        fail_named(name);
    if (gc_finalizer_set_with(port, finalize, NULL, GC_UNORDERED) == GC_FINALIZER_ERROR ||
        (port->output && gc_weakmap_put(open_files, port, NULL))) {
        close(port->fd);
        fail_memory();
    }
    return port;
}

#define OUTPUT_FLAGS (O_WRONLY | O_CREAT | O_TRUNC)

SIMPLE(p_open_input, &open_port(args[0], O_RDONLY, TEXTUAL)->object)
SIMPLE(p_open_binary_input, &open_port(args[0], O_RDONLY, BINARY)->object)
SIMPLE(p_open_output, &open_port(args[0], OUTPUT_FLAGS, TEXTUAL)->object)
SIMPLE(p_open_binary_output, &open_port(args[0], OUTPUT_FLAGS, BINARY)->object)

SIMPLE(p_file_exists, boolean(!access(string_utf8(want(args[0], TYPE_STRING)), F_OK)))

PRIMITIVE(p_delete_file)
{
    if (unlink(string_utf8(want(args[0], TYPE_STRING))))
        fail_named(args[0]);
    return UNSPECIFIED;
}

static const struct definition definitions[] = {
    {"open-input-file", p_open_input, 1, 1},
    {"open-output-file", p_open_output, 1, 1},
    {"open-binary-input-file", p_open_binary_input, 1, 1},
    {"open-binary-output-file", p_open_binary_output, 1, 1},
    {"file-exists?", p_file_exists, 1, 1},
    {"delete-file", p_delete_file, 1, 1},
};

void define_files(void)
{
    open_files = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    if (!open_files)
        fail_memory();
    atexit(flush_files);
    DEFINE_PRIMITIVES(definitions);
}
