/* A table of requests.  What they do is in a file for each. */
#include "report/live/requests.h"

#include <stdlib.h>
#include <string.h>

#include "report/growth.h"
#include "report/leak.h"
#include "report/live/stat.h"
#include "report/path.h"

/* `leaks text` and `leaks json`: a report as the one at the end. */
static bool answer_leaks(const char *argument, struct answer_text *a)
{
    struct out_target to = {answer_add, a};
    bool json = strcmp(argument, "json") == 0;
    if (!json && strcmp(argument, "text") != 0)
        return answer_print(a, "it knows no such form of reports"), false;
    if (leak_check_to(&to, json))
        return true;
    return answer_print(a, "there is no heap yet"), false;
}

/* `growth NUMBER`: the same number each time. */
static bool answer_growth(const char *argument, struct answer_text *a)
{
    char *end;
    struct out_target to = {answer_add, a};
    unsigned long who = strtoul(argument, &end, 10);
    if (who == 0 || *end)
        return answer_print(a, "who wants to know?"), false;
    if (growth_report_to(&to, who))
        return true;
    return answer_print(a, "there is no heap yet, or no memory"), false;
}

/* `why ADDRESS`: hexadecimal. */
static bool answer_why(const char *argument, struct answer_text *a)
{
    char *end;
    struct out_target to = {answer_add, a};
    uintptr_t address = strtoull(argument, &end, 16);
    if (!*argument || *end)
        return answer_print(a, "\"%s\" is no address", argument), false;
    if (path_report_to(&to, address))
        return true;
    return answer_print(a, "there is no heap yet"), false;
}

static const struct request {
    const char *name;
    bool (*answer)(const char *argument, struct answer_text *a);
} requests[] = {
    {"growth", answer_growth},
    {"leaks", answer_leaks},
    {"stat", stat_answer},
    {"why", answer_why},
};

bool requests_answer(const char *request, struct answer_text *a)
{
    size_t length = strcspn(request, " ");
    const char *argument = request + length + (request[length] == ' ');
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (strlen(requests[i].name) == length &&
            strncmp(request, requests[i].name, length) == 0)
            return requests[i].answer(argument, a);
    answer_print(a, "it knows no such request");
    return false;
}
