-- Calls of a global function, comparison and arithmetic of small numbers.
function fib(n)
  if n < 2 then return n end
  return fib(n - 2) + fib(n - 1)
end
print(string.format("%.6g", fib(32)))
