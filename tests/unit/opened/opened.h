/* Modules whose state is their own: the test's copy of each, which the library's programs have in
 * place of the archive's, with functions that break an invariant of it. */
#ifndef GCALLOC_UNIT_OPENED_H
#define GCALLOC_UNIT_OPENED_H

/* Of the first stack in the table. */
void depot_change_frame(void);
void depot_move(void);
void depot_cut_off(void);
void depot_count_one_more(void);

void modules_list_too_many(void);
void modules_overlap(void);
void modules_give_no_number(void);
void modules_unload(void);

void coroutines_overlap(void);
void coroutines_turn_around(void);
void coroutines_forget_one(void);

void registered_remove_too_often(void);
void registered_forget_a_range(void);
void registered_unlink(void);
void registered_swap_numbers(void);
void registered_lose_the_last(void);
void registered_forget_a_callback(void);

#endif
