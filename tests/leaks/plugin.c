/* A library that unloaded.c loads.  Those with another NAME differ in nothing else, and those
 * with other ROOM in the size of the frame: so return addresses are the same in all of them. */
extern void *NAME(void *(*work)(void *argument), void *argument);

void *NAME(void *(*work)(void *argument), void *argument)
{
    volatile char room[ROOM];
    room[0] = 1;
    void *volatile result = work(argument);
    room[ROOM - 1] = 2;
    return result;
}
