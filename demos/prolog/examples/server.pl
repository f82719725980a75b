% A server's loop: each request is text, which is parsed by a grammar into a term, answered with facts that are
% asserted and retracted, and dropped.  Its names are atoms that nobody knew before, and go with it.
%
% gcprolog server.pl -g main          2,000 requests
% gcprolog server.pl -g 'serve(N)'    so many
%
% Says at the end whether the most memory that the process ever had resident stayed near what it was after a quarter of
% the requests: how far the heap grows between collections depends on what the program can afford.

:- dynamic(stock/2).

main :- serve(2000).

serve(N) :-
    Quarter is N // 4, requests(1, Quarter), resident(Before),
    Next is Quarter + 1, requests(Next, N), resident(After),
    Most is 2 * Before + 8192,
    (   After < Most -> format("~d requests; memory stayed~n", [N])
    ;   format("~d requests; memory grew from ~d to ~d KiB~n", [N, Before, After]), fail
    ).

requests(From, To) :- between(From, To, I), request(I, Text), once(answer(Text, _)), fail.
requests(_, _).

% ---- Requests: "put NAME NUMBER; ...", in which one in seven has a mistake

request(I, Text) :-
    findall(Part, ( between(1, 30, K), part(I, K, Part) ), Parts),
    atomic_list_concat(Parts, ';', Text0),
    ( I mod 7 =:= 0 -> atom_concat(Text0, ';put', Text) ; Text = Text0 ).

part(I, K, Part) :-
    N is (I * 7919 + K * 104729) mod 1000, M is I * 100 + K mod 20,
    atomic_list_concat([put, ' name', M, ' ', N], Part).

% ---- Parsing

puts([put(Name, N)|Ps]) --> "put ", word(Cs), " ", number(N), { atom_codes(Name, Cs) }, more(Ps).

more(Ps) --> ";", !, puts(Ps).
more([]) --> [].

word([C|Cs]) --> [C], { C > 32 }, word_rest(Cs).

word_rest([C|Cs]) --> [C], { C > 32, C =\= 0'; }, !, word_rest(Cs).
word_rest([]) --> [].

number(N) --> digits(Ds), { Ds = [_|_], number_codes(N, Ds) }.

digits([D|Ds]) --> [D], { D >= 0'0, D =< 0'9 }, !, digits(Ds).
digits([]) --> [].

% ---- Answers

answer(Text, Sums) :-
    atom_codes(Text, Cs),
    (   phrase(puts(Ps), Cs) -> store(Ps), sums(Sums), retractall(stock(_, _))
    ;   catch(throw(bad_request(Text)), bad_request(_), Sums = [])
    ).

store([]).
store([put(Name, N)|Ps]) :- assertz(stock(Name, N)), store(Ps).

sums(Sums) :- setof(Name-Total, total(Name, Total), Sums).

total(Name, Total) :- bagof(N, stock(Name, N), Ns), sum_list(Ns, Total).

% ---- Memory: the most KiB that the process has had resident

resident(KiB) :-
    open('/proc/self/status', read, S), peak(S, KiB), close(S).

peak(S, KiB) :-
    line(S, Cs),
    (   phrase(("VmHWM:", blanks, digits(Ds)), Cs, _) -> number_codes(KiB, Ds)
    ;   peak(S, KiB)
    ).

blanks --> [C], { C =:= 32 ; C =:= 9 }, !, blanks.
blanks --> [].

line(S, Cs) :- get_code(S, C), ( C =:= 10 -> Cs = [] ; C =:= -1 -> Cs = [] ; Cs = [C|Cs1], line(S, Cs1) ).
