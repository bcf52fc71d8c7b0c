/* html.c - what all pages have: head, style, foot. */
#include "page/html.h"

#include <string.h>

static const char style[] =
    ":root{color-scheme:light "
    "dark;--back:#fff;--ink:#1f2328;--quiet:#57606a;--line:#d8dde3;--panel:#f6f8fa;--link:#0a5aa8}\n"
    "@media "
    "(prefers-color-scheme:dark){:root{--back:#15181c;--ink:#e6e8eb;--quiet:#aeb6c0;--line:#343a42;--panel:#1d2126;"
    "--link:#8fd0f7}}\n"
    "body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:46rem;background:var(--back);color:var(--ink);"
    "font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\n"
    "body.wide{max-width:72rem}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 1rem}h2{font-size:1.2rem;margin:2.4rem 0 .6rem}\n"
    "p{margin:.6rem 0;overflow-wrap:break-word}.quiet{color:var(--quiet)}a{color:var(--link)}\n"
    "figure{margin:1.4rem -1rem}figure img{display:block;width:100%;height:auto}\n"
    "figcaption{font-size:.85rem;color:var(--quiet);padding:0 1rem}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;line-height:1.4;width:100%}\n"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line)}\n"
    "th{font-weight:600;border-bottom:2px solid var(--line)}td{overflow-wrap:break-word;min-width:3rem}\n"
    ".number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\n"
    "pre{background:var(--panel);border:1px solid var(--line);padding:.7rem .9rem;overflow-x:auto;font-size:.85rem;"
    "white-space:pre-wrap;overflow-wrap:anywhere}\n";

void html_element(text *t, const char *tag, const char *string)
{
    if (!string || !*string)
        return;
    text_print(t, "<%s>", tag);
    text_xml(t, string);
    text_print(t, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

void html_begin(text *t, const char *title)
{
    text_put(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n" HTML_GENERATOR "\n");
    html_element(t, "title", title && *title ? title : "A run");
    text_put(t, "<style>\n");
    text_put(t, style);
    text_put(t, "</style>\n</head>\n");
}

void html_end(text *t)
{
    text_put(t, "</body>\n</html>\n");
}
