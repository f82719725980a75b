/* Simple versions of what the machine will offer: values, records, parameters, promises, exceptions, and
 * continuations that only lead outwards.  To be deleted once it does. */
#include "syntax.h"

#include <setjmp.h>
#include <string.h>

/* ---- Escaping ------------------------------------------------------------------------- */

static struct catch
{
    jmp_buf jump;
    struct vm vm;
    value tag, result;
    struct catch *outer;
}
*catches;

/* (%catch tag thunk) */
PRIMITIVE(p_catch)
{
    struct catch catch = {.vm = vm, .tag = args[0], .outer = catches};
    value result;
    catches = &catch;
    if (setjmp(catch.jump)) {
        vm = catch.vm;
        result = catch.result;
    } else {
        result = vm_apply(args[1], 0, NULL);
    }
    catches = catch.outer;
    return result;
}

/* (%throw tag result) */
PRIMITIVE(p_throw)
{
    struct catch *c = catches;
    while (c && c->tag != args[0])
        c = c->outer;
    if (!c)
        fail("a continuation that has been left cannot be entered again yet");
    c->result = args[1];
    longjmp(c->jump, 1);
}

static struct primitive *fail_at_once;

/* Without handlers the machine's own error, which knows the place. */
PRIMITIVE(p_error)
{
    if (symbol_of(symbol("%handlers"))->global == NIL)
        return fail_at_once->call(argc, args);
    vm.callee = symbol_of(symbol("%raise-error"))->global;
    vm.argc = argc;
    return TAIL_CALL;
}

/* ---- The rest in Scheme ------------------------------------------------------------------ */

static const char text[] =
    "(define %multiple (list 'values))"
    "(define (values . l)"
    "  (if (and (pair? l) (null? (cdr l))) (car l) (list->vector (cons %multiple l))))"
    "(define (%tagged? x tag)"
    "  (and (vector? x) (< 0 (vector-length x)) (eq? (vector-ref x 0) tag)))"
    "(define (call-with-values producer consumer)"
    "  (let ((v (producer)))"
    "    (if (%tagged? v %multiple) (apply consumer (cdr (vector->list v))) (consumer "
    "v))))"
    "(define (%make-record-type name fields) (vector name fields))"
    "(define (%record-constructor type indices)"
    "  (lambda arguments"
    "    (let ((record (make-vector (+ 1 (length (vector-ref type 1))) #f)))"
    "      (vector-set! record 0 type)"
    "      (if (not (= (length indices) (length arguments)))"
    "          (error \"constructor: wrong number of arguments\"))"
    "      (for-each (lambda (i a) (vector-set! record (+ i 1) a)) indices arguments)"
    "      record)))"
    "(define (%record-predicate type) (lambda (x) (%tagged? x type)))"
    "(define (%check-record x type)"
    "  (if (not (%tagged? x type)) (error \"not a record of type\" (vector-ref type 0) "
    "x)))"
    "(define (%record-accessor type i)"
    "  (lambda (x) (%check-record x type) (vector-ref x (+ i 1))))"
    "(define (%record-modifier type i)"
    "  (lambda (x v) (%check-record x type) (vector-set! x (+ i 1) v)))"
    "(define %winders '())"
    "(define (dynamic-wind before thunk after)"
    "  (before)"
    "  (set! %winders (cons after %winders))"
    "  (call-with-values thunk"
    "    (lambda results"
    "      (set! %winders (cdr %winders))"
    "      (after)"
    "      (apply values results))))"
    "(define (%unwind-to winders)"
    "  (if (not (eq? %winders winders))"
    "      (let ((after (car %winders)))"
    "        (set! %winders (cdr %winders))"
    "        (after)"
    "        (%unwind-to winders))))"
    "(define (call/cc f)"
    "  (let ((tag (list 'continuation)) (winders %winders) (handlers %handlers))"
    "    (%catch tag"
    "      (lambda ()"
    "        (f (lambda results"
    "             (%unwind-to winders)"
    "             (set! %handlers handlers)"
    "             (%throw tag (apply values results))))))))"
    "(define call-with-current-continuation call/cc)"
    "(define (make-parameter value . converter)"
    "  (let* ((convert (if (null? converter) (lambda (x) x) (car converter)))"
    "         (value (convert value)))"
    "    (lambda arguments"
    "      (cond ((null? arguments) value)"
    "            ((null? (cdr arguments)) (set! value (car arguments)))"
    "            (else (convert (car arguments)))))))"
    "(define (%with-parameters parameters values thunk)"
    "  (let ((new (map (lambda (p v) (p v #t)) parameters values))"
    "        (old (map (lambda (p) (p)) parameters)))"
    "    (dynamic-wind (lambda () (for-each (lambda (p v) (p v)) parameters new))"
    "                  thunk"
    "                  (lambda () (for-each (lambda (p v) (p v)) parameters old)))))"
    "(define %promise (list 'promise))"
    "(define (%make-lazy-promise done? value) (vector %promise (cons done? value)))"
    "(define (promise? x) (%tagged? x %promise))"
    "(define (make-promise x) (if (promise? x) x (%make-lazy-promise #t x)))"
    "(define (force p)"
    "  (if (not (promise? p))"
    "      p"
    "      (let ((state (vector-ref p 1)))"
    "        (if (car state)"
    "            (cdr state)"
    "            (let ((next ((cdr state))))"
    "              (if (not (car (vector-ref p 1)))"
    "                  (let ((new (vector-ref next 1)))"
    "                    (set-car! (vector-ref p 1) (car new))"
    "                    (set-cdr! (vector-ref p 1) (cdr new))"
    "                    (vector-set! next 1 (vector-ref p 1))))"
    "              (force p))))))"
    "(define %handlers '())"
    "(define (%with-handlers handlers thunk)"
    "  (let ((outer %handlers))"
    "    (set! %handlers handlers)"
    "    (call-with-values thunk"
    "      (lambda results (set! %handlers outer) (apply values results)))))"
    "(define (with-exception-handler handler thunk)"
    "  (%with-handlers (cons handler %handlers) thunk))"
    "(define (raise-continuable x)"
    "  (cond ((pair? %handlers)"
    "         (let ((handler (car %handlers)))"
    "           (%with-handlers (cdr %handlers) (lambda () (handler x)))))"
    "        ((error-object? x)"
    "         (apply %fail (error-object-message x) (error-object-irritants x)))"
    "        (else (%fail \"uncaught exception:\" x))))"
    "(define (raise x) (raise-continuable x) (%fail \"a handler returned from raise:\" "
    "x))"
    "(define %error (list 'error))"
    "(define (%raise-error message . irritants) (raise (vector %error message "
    "irritants)))"
    "(define (error-object? x) (%tagged? x %error))"
    "(define (string-ci=? a b) (string=? (string-downcase a) (string-downcase b)))"
    "(define (error-object-message x) (vector-ref x 1))"
    "(define (error-object-irritants x) (vector-ref x 2))";

void define_provisional(void)
{
    static const struct definition definitions[] = {
        {"%catch", p_catch, 2, 2},
        {"%throw", p_throw, 2, 2},
        {"error", p_error, 1, MANY},
    };
    fail_at_once = (struct primitive *)symbol_of(symbol("error"))->global;
    DEFINE_PRIMITIVES(definitions);
    symbol_of(symbol("%fail"))->global = &fail_at_once->object;
    symbol_keep(symbol_of(symbol("%fail")));
    evaluate_port(port_on_bytes(text, strlen(text)), NULL);
}
