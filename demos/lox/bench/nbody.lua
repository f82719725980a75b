-- Bodies that attract each other: arithmetic of fields.
Body = {}
Body.__index = Body
function Body.new(x, y, z, vx, vy, vz, mass, next)
  local self = setmetatable({}, Body)
  self.x = x self.y = y self.z = z
  self.vx = vx self.vy = vy self.vz = vz
  self.mass = mass
  self.next = next
  return self
end
-- Newton's iteration, as Lox has no square root.
function root(square)
  local r = square
  if r > 1 then r = 1 + square / 4 end
  for i = 0, 7 do r = (r + square / r) / 2 end
  return r
end
function attract(a, b, time)
  local dx = a.x - b.x
  local dy = a.y - b.y
  local dz = a.z - b.z
  local square = dx * dx + dy * dy + dz * dz
  local pull = time / (square * root(square))
  a.vx = a.vx - dx * b.mass * pull
  a.vy = a.vy - dy * b.mass * pull
  a.vz = a.vz - dz * b.mass * pull
  b.vx = b.vx + dx * a.mass * pull
  b.vy = b.vy + dy * a.mass * pull
  b.vz = b.vz + dz * a.mass * pull
end
function advance(first, time)
  local a = first
  while a ~= nil do
    local b = a.next
    while b ~= nil do
      attract(a, b, time)
      b = b.next
    end
    a = a.next
  end
  a = first
  while a ~= nil do
    a.x = a.x + time * a.vx
    a.y = a.y + time * a.vy
    a.z = a.z + time * a.vz
    a = a.next
  end
end
bodies = nil
for i = 0, 4 do
  bodies = Body.new(i * 3, i * i, 1 - i, 0.1 * i, 0.2, -0.1, 1 + i / 10, bodies)
end
for i = 0, 39999 do advance(bodies, 0.001) end
print(string.format("%.6g", bodies.x))
