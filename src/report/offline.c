/* A library without code and symbols, made in memory: nothing but a name.
 *
 * The loader does not look for a file where a loaded library says that it has the name which is
 * asked for (DT_SONAME).  So what asks for a library by this name gets nothing from it, and
 * neither the program's environment nor its libraries are touched.  The image is of the
 * process's own class and processor, and has no segment that could be executed. */
#include "report/offline.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sink.h"
#include "base/os_share.h"
#include "base/sys.h"

enum { SEGMENT_ALIGN = 1 << 16, NAME_MOST = 64 };

enum { SEGMENTS = 3, DYNAMIC_ENTRIES = 7 };

struct image {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[SEGMENTS];
    ElfW(Dyn) dynamic[DYNAMIC_ENTRIES];
    ElfW(Sym) symbols[1];
    uint32_t hash[4]; /* one bucket, one symbol, which has no name */
    char strings[1 + NAME_MOST];
};

/* What the kernel has loaded at the start: the header lies in front of its segments. */
static int copy_identity(struct dl_phdr_info *program, size_t size, void *argument)
{
    ElfW(Ehdr) *header = argument;
    (void)size;
    for (int i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &program->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || p->p_offset != 0)
            continue;
        memcpy(header, (const void *)(program->dlpi_addr + p->p_vaddr), sizeof *header);
        return 1;
    }
    return 0;
}

static bool make_header(struct image *image)
{
    ElfW(Ehdr) *h = &image->header;
    if (!dl_iterate_phdr(copy_identity, h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return false;
    h->e_type = ET_DYN;
    h->e_entry = 0;
    h->e_phoff = offsetof(struct image, segments);
    h->e_phnum = SEGMENTS;
    h->e_shoff = h->e_shnum = h->e_shstrndx = 0;
    return true;
}

/* The loader writes addresses into the dynamic section.  A library that does not say which
 * stack it needs makes all stacks executable. */
static void make_segments(struct image *image)
{
    image->segments[0] = (ElfW(Phdr)){
        .p_type = PT_LOAD,
        .p_flags = PF_R | PF_W,
        .p_filesz = sizeof *image,
        .p_memsz = sizeof *image,
        .p_align = SEGMENT_ALIGN,
    };
    image->segments[1] = (ElfW(Phdr)){
        .p_type = PT_DYNAMIC,
        .p_flags = PF_R | PF_W,
        .p_offset = offsetof(struct image, dynamic),
        .p_vaddr = offsetof(struct image, dynamic),
        .p_paddr = offsetof(struct image, dynamic),
        .p_filesz = sizeof image->dynamic,
        .p_memsz = sizeof image->dynamic,
        .p_align = sizeof(uintptr_t),
    };
    image->segments[2] = (ElfW(Phdr)){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
}

static void make_dynamic(struct image *image, const char *name)
{
    memcpy(image->dynamic,
           (ElfW(Dyn)[DYNAMIC_ENTRIES]){
               {DT_SONAME, {1}},
               {DT_STRTAB, {offsetof(struct image, strings)}},
               {DT_STRSZ, {sizeof image->strings}},
               {DT_SYMTAB, {offsetof(struct image, symbols)}},
               {DT_SYMENT, {sizeof image->symbols[0]}},
               {DT_HASH, {offsetof(struct image, hash)}},
               {DT_NULL, {0}},
           },
           sizeof image->dynamic);
    image->hash[0] = image->hash[1] = 1;
    memcpy(image->strings + 1, name, strlen(name));
}

/* A descriptor of a file in memory that holds the image; -1: there is none. */
static int make_file(const struct image *image)
{
    int file = os_memory_file();
    if (file >= 0 && sink_write_file(file, image, sizeof *image) == sizeof *image)
        return file;
    if (file >= 0)
        sys_close(file);
    return -1;
}

/* Other loaders than glibc's may not look at the names that libraries give themselves. */
static bool is_found_by(const char *name, void *library)
{
    void *found = dlopen(name, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
    if (found)
        dlclose(found);
    return found == library;
}

void *offline_take_name(const char *name)
{
    struct image image = {0};
    char path[40];
    if (strlen(name) >= NAME_MOST || !make_header(&image))
        return NULL;
    make_segments(&image);
    make_dynamic(&image, name);
    int file = make_file(&image);
    if (file < 0)
        return NULL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    sys_close(file);
    if (library && !is_found_by(name, library)) {
        dlclose(library);
        return NULL;
    }
    return library;
}
