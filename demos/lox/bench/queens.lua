-- All ways to place eight queens, in lists of cells.
Queen = {}
Queen.__index = Queen
function Queen.new(column, next)
  local self = setmetatable({}, Queen)
  self.column = column
  self.next = next
  return self
end
function safe(column, placed)
  local distance = 1
  while placed ~= nil do
    local other = placed.column
    if other == column or other == column - distance or other == column + distance then
      return false
    end
    distance = distance + 1
    placed = placed.next
  end
  return true
end
function place(row, size, placed)
  if row == size then return 1 end
  local ways = 0
  for column = 0, size - 1 do
    if safe(column, placed) then ways = ways + place(row + 1, size, Queen.new(column, placed)) end
  end
  return ways
end
for i = 0, 99 do print(place(0, 8, nil)) end
