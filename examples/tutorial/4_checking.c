/* 4_checking.c - chapter 4 of the tutorial: gradients compared with finite differences. */
#include <stdio.h>
#include <tapegrad.h>

static tg_tensor ratio(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape, (void)context;
    return tg_div(tg_tanh(inputs[0]), tg_exp(inputs[1]));
}

static tg_tensor wrong_ratio(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape, (void)context;
    return tg_div(tg_tanh(inputs[0]), tg_exp(tg_detach(inputs[1])));
}

static void check(const char *name, tg_gradcheck_function *f, int order)
{
    const tg_gradcheck_input inputs[] = {
        { .name = "a", .shape = TG_SHAPE(3), .values = (double[]){ -0.5, 0.25, 1 } },
        { .name = "b", .shape = TG_SHAPE(3), .values = (double[]){ 0.5, 2, -1 } },
    };
    tg_gradcheck_report report;
    if (tg_gradcheck(f, NULL, inputs, 2, &(tg_gradcheck_config){ .order = order }, &report) != TG_OK)
        printf("%s cannot be checked: %s\n", name, report.text);
    else
        printf("%s, order %d: %s, %lld elements compared\n", name, order, report.passed ? "passed" : "FAILED",
               (long long)report.all.n_checked);
    if (!report.passed)
        printf("  the worst is %s[%lld]\n", report.all.worst.name, (long long)report.all.worst.index);
}

int main(void)
{
    check("ratio", ratio, 1);
    check("ratio", ratio, 2);
    check("wrong_ratio", wrong_ratio, 1);
}
