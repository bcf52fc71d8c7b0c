/* comma_locale.h - makes this program's locale one with a decimal comma, building it where none is installed. */
#ifndef TG_COMMA_LOCALE_H
#define TG_COMMA_LOCALE_H

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static inline bool comma_is_in_use(void)
{
    char text[8];
    snprintf(text, sizeof text, "%.1f", 0.5);
    return text[1] == ',';
}

/* False where the machine has no such locale and no localedef to make one in the folder `dir`. */
static inline bool use_comma_locale(const char *dir)
{
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
    char command[512];
    for (int built = 0; built < 2; built++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (setlocale(LC_ALL, names[i]) && comma_is_in_use())
                return true;
        snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", dir);
        if (built || system(command) != 0 || setenv("LOCPATH", dir, 1) != 0)
            break;
    }
    setlocale(LC_ALL, "C");
    return false;
}

/* The C locale again, and what was built is removed. */
static inline void end_comma_locale(const char *dir)
{
    char command[512];
    setlocale(LC_ALL, "C");
    snprintf(command, sizeof command, "rm -rf '%s/de_DE.UTF-8'", dir);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s/de_DE.UTF-8\n", dir);
}

#endif
