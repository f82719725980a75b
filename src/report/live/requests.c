/* A table of requests.  What they do is in a file for each. */
#include "report/live/requests.h"

#include <stdlib.h>
#include <string.h>

#include "mutator/init.h"
#include "report/growth.h"
#include "report/leak.h"
#include "report/live/stat.h"
#include "report/out.h"
#include "report/path.h"

/* A report becomes the answer.  false: there is no heap yet, or the report says so of itself. */
static bool report_into(struct answer_text *a, bool (*report)(uintptr_t argument),
                        uintptr_t argument)
{
    struct out_target to = {answer_add, a};
    if (!mutator_enter())
        return false;
    bool done = out_lock();
    if (done) {
        out_redirect(&to);
        done = report(argument);
        out_redirect(NULL);
        out_unlock();
    }
    mutator_leave();
    return done;
}

static bool leaks(uintptr_t json)
{
    leak_report(json);
    return true;
}

/* `leaks text` and `leaks json`: a report as the one at the end. */
static bool answer_leaks(const char *argument, struct answer_text *a)
{
    bool json = strcmp(argument, "json") == 0;
    if (!json && strcmp(argument, "text") != 0)
        return answer_print(a, "it knows no such form of reports"), false;
    return report_into(a, leaks, json) ||
           (answer_print(a, "there is no heap yet"), false);
}

static bool growth(uintptr_t who)
{
    return growth_report(who);
}

/* `growth NUMBER`: the number says who asks. */
static bool answer_growth(const char *argument, struct answer_text *a)
{
    char *end;
    unsigned long who = strtoul(argument, &end, 10);
    if (who == 0 || *end)
        return answer_print(a, "who wants to know?"), false;
    return report_into(a, growth, who) ||
           (answer_print(a, "there is no heap yet, or no memory"), false);
}

static bool why(uintptr_t address)
{
    path_report(address);
    return true;
}

/* `why ADDRESS`: hexadecimal. */
static bool answer_why(const char *argument, struct answer_text *a)
{
    char *end;
    uintptr_t address = strtoull(argument, &end, 16);
    if (!*argument || *end)
        return answer_print(a, "\"%s\" is no address", argument), false;
    return report_into(a, why, address) ||
           (answer_print(a, "there is no heap yet"), false);
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
