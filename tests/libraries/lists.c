/* A program that uses the collector, and says what list_bound has found. */
#include <gcalloc/gcalloc.h>

void list_bound(void);

int main(void)
{
    gc_collect();
    list_bound();
    return 0;
}
