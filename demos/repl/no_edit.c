/* For systems without libedit. */
#include "reader.h"

const struct reader *const editing_reader = NULL;
