/* glyphs.h - how the digits are written. */
#ifndef TG_GLYPHS_H
#define TG_GLYPHS_H

/* What a pen does: it draws from where it is to the start of the piece and then along it, or, with TG_MOVE, is lifted
   and put down there. A piece is an arc of the ellipse around (x, y) with radii rx and ry, both 0 for a point; its
   angles are turns, clockwise from the right. x grows to the right and y downwards; a digit is 1 high, and (0, 0) its
   middle. */
typedef struct tg_piece {
    enum tg_piece_kind { TG_END = 0, TG_MOVE, TG_DRAW } kind;
    double x, y, rx, ry, from, to;
} tg_piece;

enum { TG_WRITINGS = 3, TG_PIECES = 6 };

/* Up to three ways to write each digit; one that begins with TG_END does not exist. */
extern const tg_piece tg_glyphs[10][TG_WRITINGS][TG_PIECES + 1];

#endif
