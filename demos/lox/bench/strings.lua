-- Strings that grow by a character, are compared, and are dropped.
function build(length)
  local text = ""
  for i = 0, length - 1 do text = text .. "x" end
  return text
end
equal = 0
for i = 0, 5999 do
  if build(300) == build(300) then equal = equal + 1 end
  if build(20) == build(21) then equal = equal + 1 end
end
names = 0
left, le = "left", "le"
for i = 0, 1199999 do
  if left == "right" then names = names + 1 end
  if left == le .. "ft" then names = names + 1 end
end
print(equal)
print(names // 1000)
