#include "json.h"

#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"

static unsigned depth;
static bool in_html; /* as json_in_html says */
static bool follows; /* something stands before, in the innermost object or array */

/* ---- Strings --------------------------------------------------------------------------------------- */

static void put_string(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    putchar('"');
    while (*p) {
        unsigned count = utf8_bytes(p);
        if (count == 0)
            fputs("\\ufffd", stdout);
        else if (*p < ' ' || *p == 127 || (in_html && *p == '<'))
            printf("\\u%04x", *p);
        else if (*p == '"' || *p == '\\')
            printf("\\%c", *p);
        else
            printf("%.*s", (int)count, (const char *)p);
        p += count ? count : 1;
    }
    putchar('"');
}

/* ---- Values ---------------------------------------------------------------------------------------- */

static void begin(const char *key)
{
    if (depth && follows)
        putchar(',');
    if (depth && !in_html)
        printf("\n%*s", (int)depth * 2, "");
    follows = true;
    if (key) {
        put_string(key);
        fputs(in_html ? ":" : ": ", stdout);
    }
}

static void open_one(const char *key, char bracket)
{
    begin(key);
    putchar(bracket);
    depth++;
    follows = false;
}

static void end(char bracket)
{
    depth--;
    if (follows && !in_html)
        printf("\n%*s", (int)depth * 2, "");
    putchar(bracket);
    if (depth == 0)
        putchar('\n');
    follows = depth != 0;
}

void json_in_html(void)
{
    in_html = true;
}

void json_object(const char *key)
{
    open_one(key, '{');
}

void json_array(const char *key)
{
    open_one(key, '[');
}

void json_end_object(void)
{
    end('}');
}

void json_end_array(void)
{
    end(']');
}

void json_number(const char *key, uint64_t value)
{
    begin(key);
    printf("%" PRIu64, value);
}

void json_real(const char *key, double value)
{
    begin(key);
    printf("%.4f", value);
}

void json_bool(const char *key, bool value)
{
    begin(key);
    fputs(value ? "true" : "false", stdout);
}

void json_null(const char *key)
{
    begin(key);
    fputs("null", stdout);
}

void json_string(const char *key, const char *value)
{
    begin(key);
    put_string(value);
}

void json_bytes(const char *key, const void *bytes, size_t count)
{
    const unsigned char *p = bytes;
    begin(key);
    putchar('"');
    for (size_t i = 0; i < count; i++)
        printf("%02x", p[i]);
    putchar('"');
}
