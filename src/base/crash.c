#include "base/crash.h"

void (*crash_hook)(const struct crash_point *point) PRIVATE_DATA;
