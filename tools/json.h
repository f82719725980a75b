/* JSON on stdout, as it is written: nested objects and arrays, commas where they belong.
 *
 * What is written may be a heap of many millions of objects.  Libraries that are kept, Jansson and json-c,
 * write what they have built up in memory; those that write at once, as YAJL, are kept no more. */
#ifndef GCALLOC_TOOLS_JSON_H
#define GCALLOC_TOOLS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each has the key that it gets in an object, or NULL in an array or outside of all. */
void json_object(const char *key);
void json_array(const char *key);
void json_end_object(void);
void json_end_array(void); /* of the outermost: with a newline */

/* From here on without white space, and such that the text may stand in an element of HTML: no string has
 * the character that would end that. */
void json_in_html(void);

void json_number(const char *key, uint64_t value);
void json_real(const char *key, double value);
void json_bool(const char *key, bool value);
void json_null(const char *key);

/* Bytes that are no UTF-8 become U+FFFD. */
void json_string(const char *key, const char *value);

/* Bytes as hexadecimal digits. */
void json_bytes(const char *key, const void *bytes, size_t count);

#endif
