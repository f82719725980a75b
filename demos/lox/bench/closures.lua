-- Closures made in a loop, and variables that they share.
function counter(step)
  local count = 0
  return function()
    count = count + step
    return count
  end
end
function compose(f, g)
  return function(x) return f(g(x)) end
end
function twice(x) return x * 2 end
total = 0
for i = 0, 499999 do
  local next = counter(i)
  next()
  next()
  total = total + compose(twice, twice)(next())
end
print(string.format("%.6g", total / 10000))
