/* 1_tape.c - chapter 1 of the tutorial: the tape, tensors, errors. */
#include <stdio.h>
#include <tapegrad.h>

int main(void)
{
    tg_tape *tape = tg_tape_create(TG_F64);

    const double points[] = { 0, 1, 2, 3, 4, 5 };
    tg_tensor x = tg_constant(tape, TG_SHAPE(2, 3), points);
    tg_tensor row_sums = tg_sum(x, 1, true);
    tg_tensor shares = tg_div(x, row_sums);
    tg_print(stdout, shares);

    double first;
    tg_read(tg_sum(tg_slice(shares, 0, 0, 1), TG_ALL, false), &first, 1);
    printf("the shares of the first row add up to %g\n", first);

    tg_name(x, "x");
    tg_tensor wrong = tg_matmul(x, x);
    tg_tensor ignored = tg_exp(wrong);
    printf("valid: %d\n", tg_is_valid(ignored));
    printf("%s\n", tg_tape_message(tape));

    tg_tape_reset(tape);
    printf("after the reset: %s, %lld tensors\n", tg_status_name(tg_tape_status(tape)),
           (long long)tg_tape_memory(tape).nodes);
    tg_tape_destroy(tape);
}
