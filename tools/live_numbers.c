#include "live_numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool numbers_next(const char **text, struct number *n)
{
    while (**text) {
        const char *line = *text;
        bool is_number = sscanf(line, "%15[a-z] %47[a-z_0-9] %" SCNu64, n->part, n->name,
                                &n->value) == 3;
        *text += strcspn(line, "\n");
        *text += **text == '\n';
        if (is_number)
            return true;
    }
    return false;
}

uint64_t numbers_get(const char *text, const char *part, const char *name)
{
    struct number n;
    while (numbers_next(&text, &n))
        if (strcmp(n.part, part) == 0 && strcmp(n.name, name) == 0)
            return n.value;
    return 0;
}

uint64_t numbers_difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}
