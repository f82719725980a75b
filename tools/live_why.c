/* gcalloc why: what leads to an object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "live.h"

int live_why(const struct live_wanted *w)
{
    char request[64];
    struct reply r = {0};
    const char *digits = w->address;
    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
        digits += 2;
    size_t count = strspn(digits, "0123456789abcdefABCDEF");
    if (count == 0 || count > 16 || digits[count])
        return fail(WRONG_USAGE, "\"%s\" is no address: hexadecimal digits are wanted",
                    w->address);
    snprintf(request, sizeof request, "why %s", digits);
    int status = live_ask(w->process, request, &r);
    if (status == DONE)
        fwrite(r.text, 1, r.bytes, stdout);
    free(r.text);
    return status == DONE ? end_output() : status;
}
