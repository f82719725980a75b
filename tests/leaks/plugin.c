/* A library that unloaded.c loads.  Those with another NAME differ in nothing else, and those
 * with other ROOM in the size of the frame: so return addresses are the same in all of them.
 * One with an INNER function calls that of another library. */
#ifdef INNER
extern void *INNER(void *(*work)(void *argument), void *argument);
#endif
extern void *NAME(void *(*work)(void *argument), void *argument);

void *NAME(void *(*work)(void *argument), void *argument)
{
    volatile char room[ROOM];
    room[0] = 1;
#ifdef INNER
    void *volatile result = INNER(work, argument);
#else
    void *volatile result = work(argument);
#endif
    room[ROOM - 1] = 2;
    return result;
}
