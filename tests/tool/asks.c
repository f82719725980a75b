/* Clients as they should not be, of a process that is asked while it runs: `asks PID HOW`. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "report/live/protocol.h"

static int process;

static int connect_once(void)
{
    char path[64], stat[1024], name[LIVE_NAME_MOST];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE *file = fopen(path, "r");
    size_t bytes = file ? fread(stat, 1, sizeof stat - 1, file) : 0;
    stat[bytes] = '\0';
    if (!file || !live_name(name, process, stat))
        exit(2);
    fclose(file);
    memcpy(address.sun_path + 1, name, strlen(name));
    socklen_t length =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr *)&address, length) != 0)
        exit(3);
    return s;
}

/* Sends the bytes, and shows what comes back. */
static void ask(const char *bytes, size_t count)
{
    char answer[4096];
    int s = connect_once();
    send(s, bytes, count, MSG_NOSIGNAL);
    for (ssize_t n; (n = read(s, answer, sizeof answer)) > 0;)
        fwrite(answer, 1, (size_t)n, stdout);
    close(s);
}

/* Nobody answers these, and the next one is served. */
static void go_at_once(void)
{
    for (int i = 0; i < 200; i++) {
        int s = connect_once();
        if (i % 2)
            send(s, "stat\n", 5, MSG_NOSIGNAL);
        close(s);
    }
}

/* Asks for a long report again and again, and reads nothing of it. */
static void leave_early(void)
{
    for (int i = 0; i < 5; i++) {
        int s = connect_once();
        char c;
        send(s, "leaks json\n", 11, MSG_NOSIGNAL);
        if (read(s, &c, 1) == 1)
            putchar(c);
        close(s);
    }
}

/* One that says nothing holds up the others for its time only: it is let wait in the background. */
static void say_nothing(void)
{
    int s = connect_once();
    char c;
    while (read(s, &c, 1) > 0)
        ;
    close(s);
}

int main(int argc, char **argv)
{
    static char many[100000];
    process = atoi(argv[1]);
    const char *how = argc > 2 ? argv[2] : "";
    memset(many, 'x', sizeof many);
    if (strcmp(how, "go") == 0)
        go_at_once();
    else if (strcmp(how, "leave") == 0)
        leave_early();
    else if (strcmp(how, "nothing") == 0)
        say_nothing();
    else if (strcmp(how, "many") == 0)
        ask(many, sizeof many);
    else if (strcmp(how, "zeros") == 0)
        ask("stat\0stat\n\n\n", 12);
    else
        ask(how, strlen(how)), ask("\n", 1);
    return 0;
}
