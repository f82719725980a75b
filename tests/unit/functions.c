/* The names of functions, against what libdw says of the same addresses: around the ends of
 * functions of the program and of the C library, which has aliases and labels. */
#include "report/functions.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/libdw.h"
#include "report/out.h"
#include "support.h"

enum { SAMPLES = 400 };

static int no_file(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                   const char *path, const char *link, GElf_Word checksum, char **found)
{
    (void)module, (void)data, (void)name, (void)base;
    (void)path, (void)link, (void)checksum, (void)found;
    return -1;
}

static Dwfl *open_this_process(void)
{
    static Dwfl_Callbacks callbacks = {.find_debuginfo = no_file};
    ck_assert(libdw_load());
    callbacks.find_elf = dw.dwfl_linux_proc_find_elf;
    Dwfl *process = dw.dwfl_begin(&callbacks);
    ck_assert_ptr_nonnull(process);
    ck_assert_int_eq(dw.dwfl_linux_proc_report(process, getpid()), 0);
    ck_assert_int_eq(dw.dwfl_report_end(process, NULL, NULL), 0);
    return process;
}

/* One name of an address may stand for another: those of one function, or of none. */
static bool is_alias(Dwfl_Module *module, const char *a, const char *b)
{
    int count = dw.dwfl_module_getsymtab(module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr at, other;
        const char *name =
            dw.dwfl_module_getsym_info(module, i, &symbol, &at, NULL, NULL, NULL);
        for (int k = 1; name && strcmp(name, a) == 0 && k < count; k++) {
            const char *second =
                dw.dwfl_module_getsym_info(module, k, &symbol, &other, NULL, NULL, NULL);
            if (second && strcmp(second, b) == 0 && at == other)
                return true;
        }
    }
    return false;
}

static void compare(Dwfl_Module *module, GElf_Addr address)
{
    const char *name = functions_find(module, address);
    const char *expected = dw.dwfl_module_addrname(module, address);
    if (!name || !expected)
        ck_assert_msg(name == expected, "%s instead of %s", name ? name : "nothing",
                      expected ? expected : "nothing");
    else if (strcmp(name, expected) != 0)
        ck_assert_msg(is_alias(module, name, expected), "%s instead of %s", name,
                      expected);
}

static void compare_module(Dwfl *process, uintptr_t inside)
{
    Dwfl_Module *module = dw.dwfl_addrmodule(process, inside);
    ck_assert_ptr_nonnull(module);
    ck_assert(functions_known(module));
    int count = dw.dwfl_module_getsymtab(module), step = count / SAMPLES + 1;
    for (int i = 1; i < count; i += step) {
        GElf_Sym symbol;
        GElf_Addr start;
        dw.dwfl_module_getsym_info(module, i, &symbol, &start, NULL, NULL, NULL);
        if (symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) == STT_TLS)
            continue;
        compare(module, start - 1);
        compare(module, start);
        compare(module, start + symbol.st_size / 2);
        compare(module, start + symbol.st_size);
    }
}

START_TEST(names_are_libdws)
{
    ck_assert(out_lock());
    Dwfl *process = open_this_process();
    compare_module(process, (uintptr_t)open_this_process);
    compare_module(process, (uintptr_t)stdout); /* static data of the C library */
    const char *name =
        functions_find(dw.dwfl_addrmodule(process, (uintptr_t)open_this_process),
                       (uintptr_t)open_this_process + 1);
    ck_assert_str_eq(name, "open_this_process");
    functions_forget();
    dw.dwfl_end(process);
    out_unlock();
}
END_TEST

TCase *functions_tests(void)
{
    TCase *tests = tcase_create("functions");
    tcase_add_test(tests, names_are_libdws);
    return tests;
}
