/* Stands in for zig's strchr, which measures all of the text that is left before it looks: CPython's tokenizer calls
 * it for each line of a source, so that compiling took time by the square of the file's size.
 */
#include <stddef.h>

char *strchr(const char *text, int wanted) {
    for (;; text++) {
        if (*text == (char)wanted) {
            return (char *)text;
        }
        if (*text == '\0') {
            return NULL;
        }
    }
}
