#include "stage.h"
TCase *libraries_case(void)
{
    return tcase_create("libraries");
}
