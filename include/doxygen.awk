# doxygen.awk - Doxygen's view of a header: plain comments become documentation of what follows them, or of what stands
# before them on their line. Formulas, which are indented below a line that ends with a colon, keep their layout.
NR == 1 { sub(/^\/\* [^ ]* - /, "/** @file\n@brief ") ; print; next }
/^\/\* .*-----+ \*\/$/ { print; next } # a heading
{ sub(/ -----+ \*\/$/, " */"); sub(/ -----+$/, "") }
/^ *\/\* / && !is_open { sub(/\/\* /, "/** "); is_open = 1 }
!is_open && /[^ ].*\/\* / { sub(/\/\* /, "/**< "); is_open = 1 }
is_open && /^       / && (is_formula || before ~ /:$/) && !is_formula { print "   @verbatim"; is_formula = 1 }
is_formula && (!/^       / || /\*\//) {
    if (/^       /) { # the last line of the comment
        sub(/ *\*\/$/, "")
        print
        $0 = "   */"
    }
    print "   @endverbatim"
    is_formula = 0
}
/\*\// { is_open = 0 }
{ print; before = $0 }
