-- Method calls, inherited ones and such of the superclass included.
Toggle = {}
Toggle.__index = Toggle
function Toggle.init(self, state) self.state = state return self end
function Toggle.new(state) return Toggle.init(setmetatable({}, Toggle), state) end
function Toggle:value() return self.state end
function Toggle:activate() self.state = not self.state return self end
Counted = setmetatable({}, {__index = Toggle})
Counted.__index = Counted
function Counted.new(state, limit)
  local self = setmetatable({}, Counted)
  Toggle.init(self, state)
  self.limit = limit
  self.count = 0
  return self
end
function Counted:activate()
  self.count = self.count + 1
  if self.count >= self.limit then
    Toggle.activate(self)
    self.count = 0
  end
  return self
end
n = 1000000
toggle = Toggle.new(true)
on = 0
for i = 0, n - 1 do
  if toggle:activate():value() then on = on + 1 end
  if toggle:activate():value() then on = on + 1 end
end
print(string.format("%.6g", on))
counted = Counted.new(true, 3)
for i = 0, n - 1 do
  if counted:activate():value() then on = on + 1 end
  if counted:activate():value() then on = on + 1 end
end
print(string.format("%.6g", on))
