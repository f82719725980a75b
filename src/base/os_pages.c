/* What becomes of single pages in memory that is committed, and what the kernel tells of them.
 * Reserving and giving back is os.c's. */
#include "base/bits.h"
#include "base/os.h"
#include "base/sys.h"

bool os_renew(void *address, size_t bytes)
{
    return !os_refused() && sys_map(address, bytes, PROT_READ | PROT_WRITE,
                                    MAP_NORESERVE | MAP_FIXED) == address;
}
