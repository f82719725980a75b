/* Finding a program, and what there is to know of it before it runs.  ELF files are read by libelf. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "command.h"

enum {
    INTERPRETERS_MOST = 5, /* as Linux follows them */
    LINE_MOST = 256,       /* as much of a script's first line as it reads */
};

/* ---- Where it is ------------------------------------------------------------------------------------ */

static bool is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && !S_ISDIR(s.st_mode);
}

/* The first file of that name in the folders of PATH that may be executed; else the first file. */
static char *search(const char *name)
{
    const char *folders = getenv("PATH");
    char *found = NULL, *path;
    if (!folders)
        folders = "/bin:/usr/bin";
    for (;; folders++) {
        size_t length = strcspn(folders, ":");
        if (asprintf(&path, "%.*s%s%s", (int)length, folders, length ? "/" : "./", name) <
            0)
            return found;
        if (is_file(path) && (!found || access(path, X_OK) == 0)) {
            free(found);
            found = path;
            if (access(path, X_OK) == 0)
                return found;
        } else {
            free(path);
        }
        folders += length;
        if (!*folders)
            return found;
    }
}

static int refuse_missing(const char *name)
{
    if (strchr(name, '/'))
        return fail(NOT_FOUND, "%s: %s", name, strerror(errno));
    char here[LINE_MOST];
    snprintf(here, sizeof here, "./%s", name);
    return fail(NOT_FOUND, "%s: there is no such program in the folders of PATH%s%s%s",
                name, is_file(here) ? " (did you mean " : "", is_file(here) ? here : "",
                is_file(here) ? "?)" : "");
}

char *program_find(const char *name, int *status)
{
    struct stat s;
    char *path = *name == '\0' ? NULL : strchr(name, '/') ? strdup(name) : search(name);
    if (!path || stat(path, &s) != 0)
        *status = refuse_missing(name);
    else if (S_ISDIR(s.st_mode))
        *status = fail(CANNOT_RUN, "%s is a folder, not a program", path);
    else if (access(path, X_OK) != 0)
        *status = fail(CANNOT_RUN,
                       "%s may not be executed: %s (chmod +x makes a file a program)",
                       path, strerror(errno));
    else
        return path;
    free(path);
    return NULL;
}

/* ---- ELF files -------------------------------------------------------------------------------------- */

struct binary {
    int class, machine;
    char loader[LINE_MOST]; /* PT_INTERP; "": none */
    bool defines_malloc;
};

static void read_loader(Elf *elf, struct binary *b)
{
    size_t count = 0, file_bytes = 0;
    const char *file = elf_rawfile(elf, &file_bytes);
    GElf_Phdr header;
    elf_getphdrnum(elf, &count);
    for (size_t i = 0; file && i < count; i++)
        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_INTERP &&
            header.p_offset < file_bytes &&
            header.p_filesz <= file_bytes - header.p_offset)
            snprintf(b->loader, sizeof b->loader, "%.*s", (int)header.p_filesz,
                     file + header.p_offset);
}

static bool is_malloc(Elf *elf, size_t names, const GElf_Sym *symbol)
{
    const char *name = elf_strptr(elf, names, symbol->st_name);
    return name && strcmp(name, "malloc") == 0 && symbol->st_shndx != SHN_UNDEF &&
           GELF_ST_TYPE(symbol->st_info) == STT_FUNC &&
           GELF_ST_BIND(symbol->st_info) != STB_LOCAL;
}

/* Whether the table of symbols of this section, if it is one, defines malloc for all of the program. */
static bool section_defines_malloc(Elf *elf, Elf_Scn *section)
{
    GElf_Shdr header;
    GElf_Sym symbol;
    if (!gelf_getshdr(section, &header) ||
        (header.sh_type != SHT_DYNSYM && header.sh_type != SHT_SYMTAB))
        return false;
    Elf_Data *data = elf_getdata(section, NULL);
    for (int i = 0; data && gelf_getsym(data, i, &symbol); i++)
        if (is_malloc(elf, header.sh_link, &symbol))
            return true;
    return false;
}

/* False: it is no ELF file. */
static bool read_binary(const char *path, struct binary *b)
{
    *b = (struct binary){0};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    elf_version(EV_CURRENT);
    Elf *elf = file < 0 ? NULL : elf_begin(file, ELF_C_READ, NULL);
    GElf_Ehdr header;
    bool is_elf = elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header);
    if (is_elf) {
        b->class = gelf_getclass(elf);
        b->machine = header.e_machine;
        read_loader(elf, b);
        for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s)) && !b->defines_malloc;)
            b->defines_malloc = section_defines_malloc(elf, s);
    }
    elf_end(elf);
    if (file >= 0)
        close(file);
    return is_elf;
}

static const char *machine_name(int machine)
{
    switch (machine) {
    case EM_386:
        return "x86";
    case EM_X86_64:
        return "x86-64";
    case EM_ARM:
        return "ARM";
    case EM_AARCH64:
        return "AArch64";
    case EM_RISCV:
        return "RISC-V";
    case EM_PPC64:
        return "PowerPC";
    case EM_S390:
        return "S/390";
    default:
        return "another processor";
    }
}

/* The loader would ignore LD_PRELOAD.  Of a mode, only what would change something does. */
static const char *privileges(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0)
        return NULL;
    if ((s.st_mode & S_ISUID) && s.st_uid != geteuid())
        return "set-user-ID";
    if ((s.st_mode & S_ISGID) && (s.st_mode & S_IXGRP) && s.st_gid != getegid())
        return "set-group-ID";
    if (geteuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
        return "capabilities";
    return NULL;
}

static int refuse_machine(const char *path, const struct binary *b,
                          const struct binary *own)
{
    return fail(
        CANNOT_RUN,
        "%s is a %d-bit program for %s, and this gcalloc serves %d-bit ones for %s: "
        "use a gcalloc that was built for it",
        path, b->class == ELFCLASS32 ? 32 : 64, machine_name(b->machine),
        own->class == ELFCLASS32 ? 32 : 64, machine_name(own->machine));
}

/* The C library's loader, which has to be the same one, may also be run as a program itself. */
static int check_loader(const char *path, const struct binary *b, const char *own)
{
    const char *loader = last_part(b->loader);
    if (strcmp(last_part(path), own) == 0 || strcmp(loader, own) == 0)
        return DONE;
    if (!*loader)
        return fail(
            CANNOT_RUN,
            "%s is linked statically, and nothing can be preloaded to it: link it "
            "without -static, or have it call gc_alloc itself (docs/porting.md)",
            path);
    if (strncmp(loader, "ld-musl", 7) == 0)
        return fail(
            CANNOT_RUN,
            "%s is linked with the C library musl, and this gcalloc serves programs "
            "of glibc: build the program with glibc",
            path);
    return fail(CANNOT_RUN,
                "%s has the dynamic loader %s, and this gcalloc serves programs of %s",
                path, b->loader, own);
}

/* This command is a program that the library can be preloaded to: others have to be like it. */
static int check_binary(const char *path, const struct binary *b)
{
    struct binary own;
    const char *privilege = privileges(path);
    if (!read_binary("/proc/self/exe", &own))
        return fail(OUT_OF_ORDER, "/proc/self/exe cannot be read: /proc must be there");
    if (b->class != own.class || b->machine != own.machine)
        return refuse_machine(path, b, &own);
    if (privilege)
        return fail(
            CANNOT_RUN,
            "%s runs with privileges (%s), and the loader preloads nothing for such: "
            "run a copy without them (cp makes one), or as the user that it runs as",
            path, privilege);
    int status = check_loader(path, b, last_part(own.loader));
    if (status == DONE && b->defines_malloc)
        status =
            fail(CANNOT_RUN,
                 "%s has a malloc of its own, which comes before any that is preloaded: "
                 "build it with the C library's",
                 path);
    return status;
}

/* ---- Scripts ---------------------------------------------------------------------------------------- */

/* The interpreter that a script's first line names; false: it is none. */
static bool read_interpreter(const char *path, char interpreter[LINE_MOST])
{
    char line[LINE_MOST] = "";
    FILE *file = fopen(path, "re");
    bool is_script =
        file && fgets(line, sizeof line, file) && line[0] == '#' && line[1] == '!';
    if (file)
        fclose(file);
    if (!is_script)
        return false;
    const char *begin = line + 2 + strspn(line + 2, " \t");
    snprintf(interpreter, LINE_MOST, "%.*s", (int)strcspn(begin, " \t\r\n"), begin);
    return interpreter[0];
}

/* What is neither ELF nor says what it is execvp has the shell run. */
int program_check(const char *path)
{
    char interpreter[LINE_MOST], at[LINE_MOST];
    for (int i = 0; i < INTERPRETERS_MOST && read_interpreter(path, interpreter); i++) {
        if (access(interpreter, X_OK) != 0)
            return fail(CANNOT_RUN, "%s is a script for %s: %s", path, interpreter,
                        strerror(errno));
        path = strcpy(at, interpreter);
    }
    struct binary b;
    return read_binary(path, &b) ? check_binary(path, &b) : DONE;
}
