/* first.c - the gradient of a formula: y = x0 e^x0 + x1 e^x1, dy/dx = (1 + x) e^x. */
#include <stdio.h>
#include <tapegrad.h>

int main(void)
{
    tg_tape *tape = tg_tape_create(TG_F32);

    tg_tensor x = tg_variable(tape, TG_SHAPE(2), (float[]){ 3, -2 });
    tg_tensor y = tg_sum(tg_mul(x, tg_exp(x)), TG_ALL, false);

    if (tg_backward(y) != TG_OK)
        fprintf(stderr, "%s\n", tg_tape_message(tape));
    tg_print(stdout, tg_grad_of(x)); /* (1 + x) e^x */
    tg_tape_destroy(tape);
}
