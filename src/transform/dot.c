/* dot.c - the graph of a tape in DOT, the language of Graphviz. */
#include <string.h>

#include "core/escape.h"
#include "core/error.h"
#include "tapegrad/transform.h"

/* Writes text for a quoted string of DOT: `"` and `\` get a backslash, control characters are shown. */
static void put_quoted(FILE *out, const char *text)
{
    char part[128];
    for (const char *end = text + strlen(text); text < end;) {
        text = tg_escape(part, sizeof part, text, end);
        for (const char *c = part; *c; c++) {
            if (*c == '"' || *c == '\\')
                fputc('\\', out);
            fputc(*c, out);
        }
    }
}

static bool put_tensor(void *context, const tg_visit *v)
{
    FILE *out = context;
    char shape[192];
    fprintf(out, "  n%u [label=\"", (unsigned)v->tensor.id);
    put_quoted(out, v->op);
    if (v->name) {
        fputs("\\n", out);
        put_quoted(out, v->name);
    }
    fprintf(out, "\\n%s\", shape=%s, style=%s]\n", tg_shape_text(&v->shape, shape, sizeof shape),
            v->n_inputs ? "ellipse" : "box", v->needs_grad ? "solid" : "dashed");
    for (int i = 0; i < v->n_inputs; i++)
        if (v->inputs[i].id)
            fprintf(out, "  n%u -> n%u\n", (unsigned)v->inputs[i].id, (unsigned)v->tensor.id);
    return !ferror(out);
}

tg_status tg_tape_dot(tg_tape *tape, FILE *out)
{
    if (!tape || !out)
        return tape ? tg_tape_raise(tape, TG_ERR_ARGUMENT, "tape_dot: the file is NULL") : TG_ERR_ARGUMENT;
    fputs("digraph tape {\n  node [fontname=\"sans-serif\", fontsize=10]\n", out);
    const tg_status status = tg_tape_each(tape, put_tensor, out);
    fputs("}\n", out);
    return status == TG_OK && ferror(out) ? TG_ERR_IO : status;
}
