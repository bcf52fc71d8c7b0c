/* 2_gradients.c - chapter 2 of the tutorial: the reverse pass, gradients as tensors, second derivatives. */
#include <stdio.h>
#include <tapegrad.h>

int main(void)
{
    tg_tape *tape = tg_tape_create(TG_F64);

    tg_tensor x = tg_variable(tape, TG_SHAPE(2), (double[]){ 1, 2 });
    tg_tensor y = tg_sum(tg_mul(tg_square(x), x), TG_ALL, false);
    if (tg_backward(y) != TG_OK)
        puts(tg_tape_message(tape));
    tg_print(stdout, tg_grad_of(x));

    tg_tensor gradient;
    tg_grad(y, (tg_tensor){ 0 }, &x, 1, &gradient, TG_CREATE_GRAPH);

    tg_tensor v = tg_constant(tape, TG_SHAPE(2), (double[]){ 1, 10 });
    tg_tensor product;
    tg_grad(gradient, v, &x, 1, &product, 0);
    tg_print(stdout, product);

    if (tg_tape_status(tape) != TG_OK)
        puts(tg_tape_message(tape));
    tg_tape_destroy(tape);
}
