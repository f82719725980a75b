/* A library that the unit tests load, with WORDS words of variables and a function NAME. */
extern void *plugin_words[WORDS];
extern int NAME(void);

void *plugin_words[WORDS];

int NAME(void)
{
    return WORDS;
}
