/* How an instruction is written.  Each is a function that ends by calling the next one's, in tail position: the
 * compiler makes a jump of it, the parameters stay in registers, and what is rare in one instruction costs the
 * others nothing.  `ip` is the instruction itself; its operands follow. */
#ifndef LOX_INSTRUCTION_H
#define LOX_INSTRUCTION_H

#include "code.h"
#include "machine.h"

#define PARAMETERS \
    const uint8_t *ip, value *top, value *slots, const value *constants, struct call *call

typedef void instruction_function(PARAMETERS);

extern instruction_function *const instructions[INSTRUCTION_COUNT];

/* A call in tail position is to be a jump without optimization, too, or the C stack would grow with each
 * instruction. */
#if __has_attribute(musttail)
#define TAIL __attribute__((musttail)) return
#define JUMPS
#else
#define TAIL return
#define JUMPS                                            \
    __attribute__((optimize("O2", "omit-frame-pointer"), \
                   no_sanitize("thread", "address")))
#endif

#define INSTRUCTION(name)                \
    instruction_function execute_##name; \
    JUMPS void execute_##name(PARAMETERS)

/* ---- Operands ---- */

static inline uint16_t operand_two(const uint8_t *place)
{
    uint16_t number;
    memcpy(&number, place, sizeof number);
    return number;
}

#define STRING_AT(place) ((struct string *)as_object(constants[ip[place]]))
#define CACHE_AT(place) (&call->caches[operand_two(ip + (place))])

/* ---- What comes next ---- */

#define RUN() TAIL instructions[*ip](ip, top, slots, constants, call)

/* The instruction that so many bytes on. */
#define NEXT(length)    \
    do {                \
        ip += (length); \
        RUN();          \
    } while (0)

/* Does something that may allocate, report an error or change the calls; everything that it may look at is in
 * `vm`, and so is what comes of it.  The instruction is so long. */
#define LEAVE(length, action)        \
    do {                             \
        call->ip = ip + (length);    \
        vm.call = call;              \
        vm.top = top;                \
        action;                      \
        call = vm.call;              \
        ip = call->ip;               \
        top = vm.top;                \
        slots = call->slots;         \
        constants = call->constants; \
        RUN();                       \
    } while (0)

#endif
