-- Binary trees that are built, walked and dropped, beside one that stays.
Tree = {}
Tree.__index = Tree
function Tree.new(depth)
  local self = setmetatable({}, Tree)
  self.depth = depth
  if depth > 0 then
    self.left = Tree.new(depth - 1)
    self.right = Tree.new(depth - 1)
  end
  return self
end
function Tree:count()
  if self.left == nil then return 1 end
  return 1 + self.left:count() + self.right:count()
end
kept = Tree.new(14)
total = 0
for depth = 4, 14, 2 do
  for i = 0, 15 do total = total + Tree.new(depth):count() end
end
print(total)
print(kept:count())
