/* Static data: of the program, of a library that it is linked with, of one that it loads
 * later; and the words of the argument area. */
#include "../api/sanitizer.h"
#include "place.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "later.h"

static void *in_data[VICTIMS] = {&in_data};
static void *in_bss[VICTIMS];
void *in_common[VICTIMS];

static struct {
    char name[24];
    void *words[VICTIMS];
    int count;
} in_structure = {.name = "structure", .count = VICTIMS};

START_TEST(data_segment)
{
    place_check(place_words(in_data));
}
END_TEST

START_TEST(bss_segment)
{
    place_check(place_words(in_bss));
    place_check(place_words(in_common));
}
END_TEST

START_TEST(static_local)
{
    static void *words[VICTIMS];
    place_check(place_words(words));
}
END_TEST

START_TEST(static_structure)
{
    place_check(place_words(in_structure.words));
    ck_assert_int_eq(in_structure.count, VICTIMS);
}
END_TEST

static void check_library(struct library_places l)
{
    place_check(place_words(l.data));
    place_check(place_words(l.bss));
    place_check(place_words(l.thread_local_data));
    place_check(place_words(l.thread_local_bss));
}

START_TEST(linked_library)
{
    check_library(linked_places());
}
END_TEST

START_TEST(library_loaded_later)
{
    void *handle;
    gc_collect();
    check_library(later_load(&handle));
    ck_assert_int_eq(dlclose(handle), 0);
}
END_TEST

/* With the library its variables go, of both kinds. */
START_TEST(library_unloaded)
{
    for (int i = 0; i < 10; i++) {
        void *handle;
        struct library_places l = later_load(&handle);
        struct victims *data = place_fill(place_words(l.data));
        struct victims *thread = place_fill(place_words(l.thread_local_bss));
        collect(COLLECTIONS);
        victims_assert_intact(data);
        victims_assert_intact(thread);
        ck_assert_int_eq(dlclose(handle), 0);
        victims_assert_gone(data);
        victims_assert_gone(thread);
    }
}
END_TEST

/* Loaded later, its thread-local variables are in room that the C library has for that, at a fixed distance from each
 * thread's pointer: no vector of modules tells of them. */
static void *check_initial_exec(void *handle)
{
    library_places_fn places;
    *(void **)&places = dlsym(handle, "linked_places");
    struct library_places l = places();
    place_check(place_words(l.thread_local_data));
    place_check(place_words(l.thread_local_bss));
    return NULL;
}

START_TEST(initial_exec_of_a_library_loaded_later)
{
    pthread_t thread;
    void *handle = dlopen(LATER_EXEC_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(handle, "%s", dlerror());
    check_initial_exec(handle);
    ck_assert_int_eq(pthread_create(&thread, NULL, check_initial_exec, handle), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* A library in a name space of its own. */
START_TEST(library_in_its_own_name_space)
{
    void *handle = dlmopen(LM_ID_NEWLM, LATER_LIBRARY, RTLD_NOW);
    ck_assert_msg(handle, "%s", dlerror());
    library_places_fn places;
    *(void **)&places = dlsym(handle, "later_places");
    struct library_places l = places();
    place_check(place_words(l.data));
    place_check(place_words(l.bss));
}
END_TEST

/* Both arrays lie at the high end of the stack, above the first frame; main has seen to
 * it that they take several pages. */
START_TEST(environment)
{
    gc_collect(); /* options are read from it */
    size_t count = 0;
    while (environ[count])
        count++;
    ck_assert_uint_ge(count, VICTIMS); /* the program has seen to it */
    for (size_t first = 0; first + VICTIMS <= count; first += VICTIMS)
        place_check(place_words((void **)environ + first));
}
END_TEST

/* A variable is added to it: it lies in memory of malloc now, and ends at a null pointer, which is
 * what is left of variables after they were checked. */
START_TEST(environment_that_grew)
{
    char **before = environ;
    size_t count = 0;
    gc_collect();
    ck_assert_int_eq(setenv("ROOTS_VARIABLE", "", 1), 0);
    ck_assert_ptr_ne(environ, before);
    while (environ[count])
        count++;
    for (; count >= VICTIMS; count -= VICTIMS)
        place_check(place_words((void **)environ + count - VICTIMS));
}
END_TEST

START_TEST(argument_vector)
{
    void **end = (void **)environ - 1; /* the null pointer behind the last argument */
    ck_assert_ptr_null(*end);
    place_check(place_words(end - VICTIMS));
    place_check(place_words(end - 1000));
}
END_TEST

TCase *statics_case(void)
{
    TCase *tc = tcase_create("statics");
    tcase_add_test(tc, data_segment);
    tcase_add_test(tc, bss_segment);
    tcase_add_test(tc, static_local);
    tcase_add_test(tc, static_structure);
    tcase_add_test(tc, linked_library);
    tcase_add_test(tc, library_loaded_later);
    tcase_add_test(tc, library_unloaded);
    if (!UNDER_TSAN) { /* whose library needs static TLS there, too */
        tcase_add_test(tc, initial_exec_of_a_library_loaded_later);
        tcase_add_test(tc, library_in_its_own_name_space);
    }
    tcase_add_test(tc, environment);
    tcase_add_test(tc, environment_that_grew);
    tcase_add_test(tc, argument_vector);
    return tc;
}
