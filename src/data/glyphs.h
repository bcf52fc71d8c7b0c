/* glyphs.h - the shapes of the synthetic digits. */
#ifndef TG_GLYPHS_H
#define TG_GLYPHS_H

/* A movement of the pen. TG_DRAW draws a line from the pen's position to the start of the piece, and then the piece;
   TG_MOVE moves the pen there without drawing. A piece is an arc of the ellipse around (x, y) with radii rx and ry, or the
   point (x, y) where both are 0. Its angles are in turns, clockwise from the right. x grows to the right and y downwards;
   a digit has height 1, and its centre is (0, 0). */
typedef struct tg_piece {
    enum tg_piece_kind { TG_END = 0, TG_MOVE, TG_DRAW } kind;
    double x, y, rx, ry, from, to;
} tg_piece;

enum { TG_WRITINGS = 3, TG_PIECES = 6 };

/* Up to three glyphs for each digit; one that begins with TG_END does not exist. */
extern const tg_piece tg_glyphs[10][TG_WRITINGS][TG_PIECES + 1];

#endif
