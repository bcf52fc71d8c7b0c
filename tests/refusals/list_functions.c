/* list_functions.c - run by the build: prints FUNCTION(tg_name) for every function that the headers named on the command
   line declare with TG_API. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The whole file, its comments and its lines of the preprocessor blanked. */
static char *read_code(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    static char text[1 << 20];
    const size_t size = fread(text, 1, sizeof text - 1, f);
    text[size] = '\0';
    fclose(f);
    if (size == sizeof text - 1)
        return NULL;
    for (char *p = strstr(text, "/*"), *end; p && (end = strstr(p, "*/")); p = strstr(end, "/*"))
        memset(p, ' ', (size_t)(end + 2 - p));
    for (char *p = text; *p; p++)
        if (*p == '#' && (p == text || p[-1] == '\n'))
            for (; *p && !(*p == '\n' && p[-1] != '\\'); p++)
                *p = *p == '\\' ? '\\' : ' ';
    return text;
}

/* Prints the name in front of the first parenthesis of a declaration. */
static int print_name(const char *declaration)
{
    const char *end = strpbrk(declaration, "(;");
    if (!end || *end != '(')
        return 0;
    while (end > declaration && isspace((unsigned char)end[-1]))
        end--;
    const char *start = end;
    while (start > declaration && (isalnum((unsigned char)start[-1]) || start[-1] == '_'))
        start--;
    return printf("FUNCTION(%.*s)\n", (int)(end - start), start) > 0;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++) {
        const char *code = read_code(argv[i]);
        if (!code) {
            fprintf(stderr, "%s cannot be read, or is too long\n", argv[i]);
            return EXIT_FAILURE;
        }
        for (const char *p = code; (p = strstr(p, "TG_API ")); p++)
            n += print_name(p + strlen("TG_API "));
    }
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
