-- The sieve of Eratosthenes over a chain of linked cells, as Lox has no arrays.
Cell = {}
Cell.__index = Cell
function Cell.new(number)
  local self = setmetatable({}, Cell)
  self.number = number
  self.prime = true
  self.next = nil
  return self
end
function sieve(limit)
  local first = Cell.new(2)
  local last = first
  for i = 3, limit do
    last.next = Cell.new(i)
    last = last.next
  end
  local count = 0
  local cell = first
  while cell ~= nil do
    if cell.prime then
      count = count + 1
      local step = cell.number
      local left = step
      local other = cell
      if step * step <= limit then
        while other.next ~= nil do
          other = other.next
          left = left - 1
          if left == 0 then
            other.prime = false
            left = step
          end
        end
      end
    end
    cell = cell.next
  end
  return count
end
for i = 0, 9 do print(sieve(20000)) end
