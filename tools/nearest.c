/* Names are alike if few characters have to be changed, added, left out or swapped with their neighbours
 * to make one of the other (optimal string alignment). */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>

enum { LENGTH_MOST = 40 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_swapped(const char *a, const char *b, size_t i, size_t j)
{
    return i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
}

static size_t distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    size_t d[LENGTH_MOST + 1][LENGTH_MOST + 1];
    if (rows > LENGTH_MOST || columns > LENGTH_MOST)
        return LENGTH_MOST;
    for (size_t i = 0; i <= rows; i++)
        for (size_t j = 0; j <= columns; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
                            least(d[i - 1][j], d[i][j - 1]) + 1);
            if (is_swapped(a, b, i, j))
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[rows][columns];
}

/* A third of the name may differ; so may what it goes on with, if two characters of it are there. */
void nearest_try(struct nearest *n, const char *name)
{
    size_t length = strlen(n->wanted);
    size_t d = distance(n->wanted, name);
    bool begins = length >= 2 && strncmp(name, n->wanted, length) == 0;
    d = begins ? 1 : d;
    if (d <= strlen(name) / 3 + 1 && d < length && (!n->name || d < n->distance)) {
        n->name = name;
        n->distance = d;
    }
}
